-- Errors by service
select service, count(*) as errors, max(ts) as last
from errors
group by service
order by errors desc

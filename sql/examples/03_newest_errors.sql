-- The newest errors
select ts, service, message
from errors
order by ts desc
limit 100

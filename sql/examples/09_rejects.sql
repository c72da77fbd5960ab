-- Lines that could not be read
select s.name, r.reason, count(*) as lines, any_value(r.line) as sample
from rejects r
join sources s on s.id = r.source
group by s.name, r.reason
order by lines desc

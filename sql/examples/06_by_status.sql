-- Responses by status
select field(fields, 'status') as status, count(*) as n
from logs
where field(fields, 'status') is not null
group by status
order by n desc

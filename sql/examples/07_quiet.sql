-- How long each service has been silent
select
    service,
    max(minute) as last_record,
    (select max(minute) from minutes) - max(minute) as silent_for
from minutes
group by service
order by last_record

-- How long each service has been silent
select
    service,
    max(minute) as last_record,
    (select max(minute) from minutes where plausible(minute)) - max(minute) as silent_for
from minutes
where plausible(minute)
group by service
order by last_record

-- Frequent messages, numbers taken out
select
    regexp_replace(message, '[0-9]+', '#', 'g') as pattern,
    count(*) as n,
    min(level) as level,
    any_value(service) as service
from logs
where ts >= (select max(minute) from minutes where plausible(minute)) - interval 1 hour
group by pattern
order by n desc
limit 50

-- Share of errors per hour and service
select
    time_bucket(interval 1 hour, minute) as hour,
    service,
    round(100.0 * sum(n) filter (where level >= 'ERROR') / sum(n), 2) as error_percent
from minutes
group by hour, service
order by hour, service

-- How much a detector of counts would judge.
-- Parameters: service (null: all), from and to (null: all).
-- Columns: first, last (minutes that would be judged, microseconds UTC; null if there is none), cells
-- (minutes of all series from their first to their last record).
select
    epoch_us(min(born)) as first,
    epoch_us(max(died)) as last,
    coalesce(sum(date_diff('minute', born, died) + 1), 0)::bigint as cells
from (
    select min(minute) as born, max(minute) as died
    from rollups
    where ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp))
      and ($to::timestamp is null or minute < $to::timestamp)
      and ($service::varchar is null or service = $service::varchar)
    group by service, level
)

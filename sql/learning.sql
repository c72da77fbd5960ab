-- Series of counts (a service and a level) that had records in the last day, and how many of them
-- are so young that detectors are still learning what is usual.
-- Parameters: now (microseconds UTC).
-- Columns: total, learning (less than a day old), unjudged (less than half an hour old).
select
    count(*) as total,
    count(*) filter (where born > last_minute - interval 1 day) as learning,
    count(*) filter (where born > last_minute - interval 30 minutes) as unjudged
from (
    select min(minute) as born, max(minute) as last_minute
    from rollups
    -- Who was silent for longer than that is born anew.
    where minute >= make_timestamp($now::bigint) - interval 5 days
      and minute < make_timestamp($now::bigint)
      and n > 0
    group by service, level
)
where last_minute >= make_timestamp($now::bigint) - interval 1 day

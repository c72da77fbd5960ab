-- Records per minute of each service, and how many of them are errors (ERROR or above). Complete
-- minutes only, and as far back as a detector may look.
-- Parameters: service (null: all), from and to (minutes judged are from <= minute < to; null: all),
-- now (UTC; the minute it lies in is not complete).
-- Columns: series (the service; empty for records without one), minute (UTC), n (never 0), errors.
select
    coalesce(service, '') as series,
    minute,
    sum(n)::bigint as n,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint as errors
from rollups
where minute < time_bucket(interval 1 minute, $now::timestamp)
  and ($to::timestamp is null or minute < $to::timestamp)
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp) - interval 8 days)
  and ($service::varchar is null or service = $service::varchar)
group by all
having sum(n) > 0

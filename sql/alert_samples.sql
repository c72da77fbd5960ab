-- Records that an alert is about.
-- Parameters: series (a service; empty for records without one), level (and above), minute
-- (microseconds UTC), limit.
-- Columns: ts (microseconds UTC), level, message.
select epoch_us(ts) as ts, level, message
from logs
where ts >= make_timestamp($minute::bigint)
  and ts < make_timestamp($minute::bigint) + interval 1 minute
  and coalesce(service, '') = $series
  and level >= $level::level
order by ts, rowid
limit $limit::bigint

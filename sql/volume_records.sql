-- Records per bucket and level, counted one by one.
-- Parameters: from, to, width (microseconds UTC).
-- Columns: bucket (its number from `from` on), level, n.
select
    (epoch_us(ts) - $from::bigint) // $width::bigint as bucket,
    level,
    count(*) as n
from logs
where ts >= make_timestamp($from::bigint)
  and ts < make_timestamp($to::bigint)
  and (true /* filter */)
group by all

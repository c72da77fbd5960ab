-- Records per bucket and level, from the counts per minute.
-- Parameters: from, to, width (microseconds UTC, whole minutes).
-- Columns: bucket (its number from `from` on), level, n.
select
    (epoch_us(minute) - $from::bigint) // $width::bigint as bucket,
    level,
    sum(n)::bigint as n
from rollups
where minute >= make_timestamp($from::bigint)
  and minute < make_timestamp($to::bigint)
  and (true /* filter */)
group by all
having sum(n) > 0

-- Records of each minute, to notice those that come late.
-- Parameters: from, to (microseconds UTC).
-- Columns: minute (microseconds UTC), n.
select epoch_us(minute) as minute, sum(n)::bigint as n
from rollups
where minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint)
group by minute

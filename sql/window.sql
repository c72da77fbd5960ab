-- How far to look back from `to` to see about so many records.
-- Parameters: from, to (microseconds UTC), records.
-- Columns: start (microseconds UTC; null if all of it has fewer).
select epoch_us(max(minute)) as start
from (
    select minute, sum(sum(n)) over (order by minute desc) as total
    from rollups
    where minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint)
    group by minute
)
where total >= $records::bigint

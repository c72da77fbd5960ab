-- Which series have other records in closed hours than their state was computed from.
-- Parameters: from, to (minute numbers, beginnings of hours).
-- Columns: id, hour, fewer (whether there are fewer).
create or replace temporary table changed as
select id, hour, coalesce(now.records, 0) < coalesce(kept.records, 0) as fewer
from (
    select s.id, minute_number(minute) // 60 as hour, sum(n)::bigint as records
    from rollups r
    left join rolling_series s
        on s.service is not distinct from r.service and s.level is not distinct from r.level
    where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
    group by all
    having sum(n) <> 0
) now
full join (
    from rolling_hours where hour >= $from::integer // 60 and hour < $to::integer // 60
) kept using (id, hour)
where now.records is distinct from kept.records

-- The counts of one group of past minutes, in blocks of 32 minutes.
-- Parameters: from, to (minute numbers).
insert into past_counts
select id, clock // 32, clock, n
from (
    select s.id, minute_number(minute) as minute, sum(n)::bigint as n
    from rollups r
    join (from rolling_series where id in (select id from past)) s
        on s.service is not distinct from r.service and s.level is not distinct from r.level
    where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
    group by all
    having sum(n) > 0
)
join clocks using (minute)

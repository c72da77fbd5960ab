-- The counts of one group of past minutes, in blocks of 32 minutes.
-- Several rows of a minute are as good as their sum here.
-- Parameters: from, to (minute numbers).
insert into past_counts
select s.id, clock // 32, clock, n
from rollups r
join (from rolling_series where id in (select id from past)) s
    on s.service is not distinct from r.service and s.level is not distinct from r.level
join clocks c on c.minute = minute_number(r.minute)
where r.minute >= minute_of($from::integer) and r.minute < minute_of($to::integer)

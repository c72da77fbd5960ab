-- The hours with a record of anything, and of all series those that the levels of the last hour and of
-- the same hour of 3 days and a week before follow from.
-- Parameters: open, to (minute numbers).
-- Columns: as hours and hourly in sql/detect/shift.sql.
create or replace temporary table hours as
select minute // 60 as hour, max(minute) as last_minute
from (
    select minute from rolling_arrivals where minute < $open::integer
    union all
    select distinct minute from recent where minute >= $open::integer and minute < $to::integer
)
where minute // 60 >= $to::integer // 60 - 192
group by hour;
create or replace temporary table hourly as
select id, hour, records as x, last_minute
from rolling_hours
where hour < $open::integer // 60
  and ($to::integer // 60 - 1 - hour) // 24 in (0, 1, 2, 3, 7)
  and ($to::integer // 60 - 1 - hour) % 24 < 10
union all
select id, minute // 60 as hour, sum(n)::bigint, max(minute)
from recent
where minute >= $open::integer and minute < $to::integer
group by id, minute // 60

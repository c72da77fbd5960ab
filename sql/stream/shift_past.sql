-- The hours of the series that may have shifted, those that are kept and those that are open.
-- Parameters: open, to (minute numbers).
-- Columns: as hourly in sql/detect/shift.sql.
create or replace temporary table hourly as
select id, hour, records as x, last_minute
from rolling_hours
where id in (from shifting)
  and hour >= $to::integer // 60 - 192
  and hour < $open::integer // 60
union all
select id, hour, x, last_minute
from hourly
where id in (from shifting) and hour >= $open::integer // 60

-- The minutes with records of hours, and the one before those.
-- Parameters: from, to (minute numbers).
-- Columns: as counts in sql/detect/silence.sql, and n.
create or replace temporary table counts as
select id, minute, n
from recent
where id in (from part) and minute >= $from::integer and minute < $to::integer
union all
select id, max(last_minute), 0
from rolling_hours
where hour < $from::integer // 60 and id in (from part)
group by id

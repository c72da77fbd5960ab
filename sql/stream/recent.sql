-- Records per minute of some parts of the series, in one or several rows.
-- Parameters: from, to (minute numbers), first_part, last_part (inclusive; of 16).
-- Columns: id (null: a series that has no number yet), minute, n.
create or replace temporary table recent as
select s.id, minute_number(minute) as minute, n
from rollups r
left join rolling_series s
    on s.service is not distinct from r.service and s.level is not distinct from r.level
where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
  and (s.id is null or s.id % 16 between $first_part::integer and $last_part::integer)

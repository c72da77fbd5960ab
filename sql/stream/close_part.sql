-- The series of some parts.
-- Parameters: first_part, last_part (inclusive).
-- Columns: id.
create or replace temporary table part as
select distinct id
from rolling_series
where id % 16 between $first_part::integer and $last_part::integer

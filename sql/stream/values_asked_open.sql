-- The minutes that are not kept yet.
-- Parameters: open, to (minute numbers).
-- Columns: minute.
create or replace temporary table values_asked as
select range::integer as minute from range($open::bigint, $to::bigint)

-- The minutes of an hour that have changed.
-- Parameters: from, to (minute numbers).
-- Columns: minute.
create or replace temporary table values_asked as
select minute from values_changed where minute >= $from::integer and minute < $to::integer

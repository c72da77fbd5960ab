-- How many records there are.
-- Parameters: from, to (minute numbers).
-- Columns: records.
select count(*) as records
from logs
where ts >= minute_of($from::integer) and ts < minute_of($to::integer)

-- Keeps the arrivals of hours.
-- Parameters: from, to (minute numbers).
delete from rolling_arrivals where minute >= $from::integer and minute < $to::integer;
insert into rolling_arrivals
select minute, first_id, last_id, pause, patience
from patience
where minute >= $from::integer and minute < $to::integer

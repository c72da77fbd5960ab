-- What is kept instead of what was computed from one day of it.
-- Parameters: open (minute number).
delete from patience where minute < $open::integer;
insert into patience
select minute, first_id, last_id, pause, patience
from rolling_arrivals
where minute < $open::integer

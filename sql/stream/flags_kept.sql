-- Keeps which of the minutes were unusual at a first look.
-- Parameters: detector, from, to (minute numbers).
delete from rolling_flags
where detector = $detector
  and (minute >= $from::integer or minute < $from::integer - 360);
insert into rolling_flags by name
select $detector as detector, *
from flags
where minute >= $from::integer and minute < $to::integer

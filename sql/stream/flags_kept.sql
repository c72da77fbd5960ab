-- Keeps which minutes were unusual at a first look.
-- Parameters: from (minute number, the first that was judged).
delete from rolling_flags where minute >= $from::integer or minute < $from::integer - 360;
insert into rolling_flags select id, minute, records from flags

-- Says of which minutes that is known.
-- Parameters: from, to (minute numbers).
delete from rolling_flagged;
insert into rolling_flagged values ($from::integer, $to::integer)

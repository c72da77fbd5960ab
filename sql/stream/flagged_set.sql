-- Says of which minutes that is known.
-- Parameters: detector, from, to (minute numbers).
delete from rolling_flagged where detector = $detector;
insert into rolling_flagged values ($detector, $from::integer, $to::integer)

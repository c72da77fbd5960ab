-- Deletes what was computed of hours: it is computed again.
-- Parameters: hour (the first of them).
delete from rolling_closed where hour >= $hour::integer;
delete from rolling_arrivals where minute >= $hour::integer * 60;
delete from rolling_hours where hour >= $hour::integer;
delete from rolling_excesses where hour >= $hour::integer;
delete from rolling_dispersions where hour >= $hour::integer + 2;
delete from rolling_stale where hour >= $hour::integer;
delete from rolling_shares where block >= $hour::integer * 12;
delete from rolling_flags where minute >= $hour::integer * 60;
update rolling_flagged
set
    first_minute = least(first_minute, $hour::integer * 60),
    until_minute = least(until_minute, $hour::integer * 60)

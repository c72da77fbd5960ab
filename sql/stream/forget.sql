-- Deletes what is not needed any more.
-- Parameters: hour (what is older can go).
delete from rolling_closed where hour < $hour::integer;
delete from rolling_arrivals where minute < $hour::integer * 60;
delete from rolling_hours where hour < $hour::integer;
delete from rolling_excesses where hour < $hour::integer + 135;
delete from rolling_dispersions where hour < $hour::integer + 180;
delete from rolling_series
where id not in (select id from rolling_hours) and id not in (select id from recent where id is not null)

-- Deletes what is not needed any more.
-- Parameters: hour (what is older can go).
delete from rolling_closed where hour < $hour::integer;
delete from rolling_arrivals where minute < $hour::integer * 60;
delete from rolling_hours where hour < $hour::integer;
delete from rolling_excesses where hour < $hour::integer + 159;
delete from rolling_dispersions where hour < $hour::integer + 204;
delete from rolling_shares where block < $hour::integer * 12;
delete from rolling_series
where id not in (select id from rolling_hours) and id not in (select id from recent where id is not null);
delete from rolling_services
where service not in (select coalesce(service, '') from rolling_series)
  and id not in (select id from rolling_shares)

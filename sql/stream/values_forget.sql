-- Deletes what was kept for pasts that nobody asks for any more.
-- Parameters: first, last (the pasts that are asked for, minute numbers).
delete from rolling_values_pasts where since not in ($first::integer, $last::integer);
delete from rolling_values_residuals where since not in ($first::integer, $last::integer);
delete from rolling_values_stale where since not in ($first::integer, $last::integer);
delete from rolling_values where minute < $first::integer;
delete from rolling_values_minutes where minute < $first::integer;
update rolling_values_kept set first_minute = $first::integer;
delete from rolling_values_series
where id not in (select id from rolling_values)
  and id not in (select id from rolling_values_residuals)
  and id not in (select id from rolling_values_stale)

-- Deletes all that is kept of values and says which formulas it will be computed with.
-- Parameters: fingerprint, first (minute number, from which on they will be kept).
delete from rolling_values_kept;
delete from rolling_values_series;
delete from rolling_values_minutes;
delete from rolling_values;
delete from rolling_values_pasts;
delete from rolling_values_residuals;
delete from rolling_values_stale;
insert into rolling_values_kept values ($fingerprint::varchar, $first::integer, $first::integer)

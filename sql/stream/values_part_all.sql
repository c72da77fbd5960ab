-- All series, for a minute that is judged.
-- Parameters: base (minute number).
-- Columns: id, minute (from which on they are to be computed).
create or replace temporary table values_part as
select id, $base::integer as minute from rolling_values_series

-- What series are called.
-- Columns: id, series.
create or replace temporary table names as
select distinct id, series from rolling_series

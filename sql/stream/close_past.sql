-- The hours that the dispersions of an hour follow from.
-- Parameters: hour.
-- Columns: as hourly and wanted in sql/detect/counts.sql.
create or replace temporary table hourly as
select id, hour, scale, side, excess, unit, ratio
from rolling_excesses
where hour between $hour::integer - 49 and $hour::integer - 2 and id in (from part);
create or replace temporary table wanted as
select distinct id, $hour::integer as hour, scale, side from hourly

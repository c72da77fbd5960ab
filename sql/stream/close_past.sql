-- The hours that the dispersions of an hour follow from, and that hour itself.
-- As if they were all the last of them: their order does not matter, and no dispersions of their own
-- are asked for.
-- Parameters: hour.
-- Columns: as hourly in sql/detect/counts.sql.
create or replace temporary table hourly as
with kept as (
    select id, $hour::integer - 2 as hour, scale, side, excess, unit, ratio
    from rolling_excesses
    where hour between $hour::integer - 49 and $hour::integer - 2 and id in (from part)
)
from kept
union all
select distinct id, $hour::integer, scale, side, 0, 0, 0.0 from kept

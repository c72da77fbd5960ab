-- Keeps the dispersions of an hour.
-- Parameters: hour.
delete from rolling_dispersions where hour = $hour::integer and id in (from part);
insert into rolling_dispersions
select id, hour, scale, side, excess, unit, greatest_extreme, extreme, hours
from dispersions
where hour = $hour::integer

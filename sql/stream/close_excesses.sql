-- Keeps how far sums went beyond what was expected.
-- Parameters: from, to (minute numbers).
delete from rolling_excesses
where hour >= $from::integer // 60 and hour < $to::integer // 60 and id in (from part);
insert into rolling_excesses
select id, hour, scale, side, excess, unit, ratio
from hourly
where hour >= $from::integer // 60 and hour < $to::integer // 60

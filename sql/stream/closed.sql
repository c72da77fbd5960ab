-- Which hours are closed, and in how many of their parts.
-- Columns: hour, parts, excesses, dispersions (whether all parts have them).
select
    hour,
    count(*) as parts,
    bool_and(excesses) as excesses,
    bool_and(dispersions) as dispersions
from rolling_closed
group by hour
order by hour

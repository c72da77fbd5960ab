-- The counts of some of the series.
-- Parameters: first, last (numbers of series, inclusive).
create or replace temporary table chosen as
from counts
where id between $first::integer and $last::integer
order by id, minute

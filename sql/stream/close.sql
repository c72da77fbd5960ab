-- Says which parts of which hours are closed.
-- Parameters: from, to (minute numbers), first_part, last_part, excesses, dispersions (boolean).
insert into rolling_closed
select
    hour,
    unnest(range($first_part::integer, $last_part::integer + 1)),
    $excesses::boolean,
    $dispersions::boolean
from (select unnest(range($from::integer // 60, $to::integer // 60)) as hour)

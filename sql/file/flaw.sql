-- The first row that cannot be scored.
-- Columns: row (from 1, without the header), what.
select
    row + 1 as row,
    if(ts is null, format('"{}" is no time', said), format('"{}" is no count', value)) as what
from rows_in
where ts is null or ($counts::boolean and (x is null or x < 0))
order by row
limit 1

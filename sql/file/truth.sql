-- What really happened, as a file says it, in its order.
-- Over the temporary table `file`. {series}, {start}, {end} and {verdict} are its columns by the
-- names that they have there.
-- Columns: row (from 1, without the header), series (empty: any), start, end, verdict (texts; empty
-- where the file says nothing).
select
    rowid + 1 as row,
    coalesce({series}::varchar, '') as series,
    coalesce({start}::varchar, '') as start,
    coalesce({end}::varchar, '') as "end",
    coalesce({verdict}::varchar, '') as verdict
from file
order by rowid

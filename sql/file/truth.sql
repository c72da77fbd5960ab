-- What really happened, as a file says it.
-- Columns: series (empty: any), start, end (microseconds UTC, exclusive), verdict.
select
    coalesce({series}::varchar, '') as series,
    epoch_us({start}::timestamp) as start,
    epoch_us({end}::timestamp) as "end",
    {verdict}::varchar as verdict
from file

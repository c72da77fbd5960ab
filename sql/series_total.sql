-- How many series of counts had records.
-- Parameters: from, to (microseconds UTC).
-- Columns: series.
select count(*) as series
from (
    select distinct service, level
    from rollups
    where minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint)
)

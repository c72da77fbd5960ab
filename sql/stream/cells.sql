-- How many minutes of series a run over the past reads: all between the first and the last record
-- of any, roughly. Of very many records only that there are too many.
-- Parameters: from, to (minute numbers), most (how many records are counted).
-- Columns: cells.
with counted as (
    select service, level, minute
    from rollups
    where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
    limit $most::bigint
)
select
    if(
        count(*) >= $most::bigint,
        9000000000000000000,
        coalesce(count(distinct (service, level)) * date_diff('minute', min(minute), max(minute)), 0)
    )::bigint as cells
from counted

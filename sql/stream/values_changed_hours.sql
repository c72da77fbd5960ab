-- The hours of minutes that have changed.
-- Columns: from_minute, to_minute (numbers, exclusive), records.
select
    min(minute) as from_minute,
    max(minute) + 1 as to_minute,
    coalesce(sum(records), 0)::bigint as records
from values_changed
group by minute // 60
order by from_minute

-- How far the counts of a file reach, and how many minutes all of its series have.
-- Columns: first, last (microseconds UTC; null if there are none), cells.
select
    epoch_us(min(first_minute)) as first,
    epoch_us(max(last_minute)) as last,
    coalesce(sum(date_diff('minute', first_minute, last_minute) + 1), 0)::bigint as cells
from (
    select series, min(minute) as first_minute, max(minute) as last_minute
    from series_counts
    group by series
)

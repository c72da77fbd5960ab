-- The series in parts that are judged at once: so many minutes of series, or one series.
-- Parameters: cells.
-- Columns: first, last (numbers of series, inclusive).
select min(id) as first, max(id) as last
from (
    select id, sum(cells) over (order by id) // $cells::bigint as part
    from (select id, max(minute) - min(minute) + 1 as cells from counts group by id)
)
group by part
order by part

-- Each row of a file with the highest score that a detector gave it.
-- Columns: series, ts and value as the file says them, score (0 to 1), flag (1 where a detector
-- fires), reason.
with highest as (
    select row, max(score) as score, max(flag) as flag, max_by(reason, score) as reason
    from verdicts
    group by row
)
select
    r.series,
    r.said as ts,
    r.value,
    coalesce(h.score, 0) as score,
    coalesce(h.flag, 0) as flag,
    coalesce(h.reason, '') as reason
from rows_in r
left join highest h on h.row = r.row
order by r.row

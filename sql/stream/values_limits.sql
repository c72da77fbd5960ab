-- The limits of sql/detect/values.sql for rows that are judged, and the 50 before them whose scores they
-- have to exceed. The frames of all others are empty, which costs nothing.
-- Over the temporary tables `values_suspects` and `values_fresh`.
-- Parameters: since (the past), base (from which minute on rows are not from what is kept).
-- Columns: as there.
create or replace temporary table limits as
with past as (
    select id, minute, place, settled, x, expected, r3, r12, r36
    from rolling_values_residuals
    where since = $since::integer and minute < $base::integer
    union all
    select id, minute, place, settled, x, expected, r3, r12, r36 from values_fresh
),
residuals as (
    select p.*, x - expected as r1, if(p.place >= s.place, 8000, 0) as rows_back
    from past p
    join values_suspects s using (id)
),
limits as (
    select
        *,
        count(*) over past as n,
        quantile_cont(r1, [0, 0.002, 0.998, 1]) over past as q1,
        quantile_cont(r3, [0, 0.002, 0.998, 1]) over past as q3,
        quantile_cont(r12, [0, 0.002, 0.998, 1]) over past as q12,
        quantile_cont(r36, [0, 0.002, 0.998, 1]) over past as q36
    from residuals
    window past as (
        partition by id, settled order by place rows between rows_back preceding and 1 preceding
    )
)
select
    s.series, minute as row, minute_of(minute) as ts, true as usable, x, expected,
    n, q1, q3, q12, q36, r1, r3, r12, r36
from limits
join rolling_values_series s using (id)
where rows_back > 0

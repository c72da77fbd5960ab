-- The rows that were computed, with their places in the series.
-- Over the temporary tables `residuals`, `means`, `values_part` and `values_begun`.
-- Columns: id, minute, place and so on as in rolling_values_residuals.
create or replace temporary table values_fresh as
select
    r.series as id,
    r.row as minute,
    coalesce(b.last_place, 0) + row_number() over (partition by r.series order by r.row) as place,
    coalesce(if(r.settled, b.last_settled, b.last_unsettled), 0)
        + row_number() over (partition by r.series, r.settled order by r.row) as place_of_kind,
    m.slot,
    r.settled,
    r.x,
    m.x3,
    m.x12,
    m.x36,
    r.expected,
    r.r3,
    r.r12,
    r.r36
from residuals r
join means m using (series, row)
join values_part p on p.id = r.series
left join values_begun b on b.id = r.series
where r.row >= p.minute

-- What sql/detect/values.sql computes residuals of: the means of the rows that are to be computed, and of
-- the 21 rows of their slots before them.
-- Over the temporary tables `means`, as made of series_values, and `values_part`.
-- Parameters: since (the past).
-- Columns: as there.
create or replace temporary table means as
with fresh as (
    select m.*
    from means m
    join values_part p on p.id = m.series
    where m.usable and m.row >= p.minute
),
slots as (
    select series as id, slot from fresh group by all
),
earlier as (
    select
        r.*,
        row_number() over (partition by r.id, r.slot order by r.minute desc) as back
    from rolling_values_residuals r
    join slots using (id, slot)
    join values_part p using (id)
    where r.since = $since::integer and r.minute < p.minute
)
from fresh
union all by name
select
    id as series,
    minute as row,
    minute_of(minute) as ts,
    true as usable,
    slot,
    null::double as recent,
    null::boolean as flat,
    x,
    x3,
    x12,
    x36
from earlier
where back <= 21

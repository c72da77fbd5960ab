-- What sql/detect/values.sql computes means of: the rows that are to be computed, and the 36 before them.
-- Over the temporary tables `values_part`, `values_begun` and, for minutes that are not kept yet,
-- `values_read`.
-- Parameters: since (the past), first (the first minute that is to be computed), until, to (minute
-- numbers: before `until` values are kept; after `to` nothing is asked for).
-- Columns: as sql/series_values.sql; a series is its number.
create or replace temporary table series_values as
select id as series, minute_of(minute) as ts, value, minute as row
from (
    select v.id, v.minute, v.value
    from rolling_values v
    join values_part p using (id)
    where v.minute >= $first::integer
      and v.minute < least($until::integer, $to::integer)
      and v.minute >= p.minute
    union all
    select s.id, r.minute, r.value
    from values_read r
    join rolling_values_series s using (series)
    where r.minute >= $until::integer and r.minute < $to::integer
    union all
    select r.id, r.minute, r.x
    from rolling_values_residuals r
    join values_part p using (id)
    join values_begun b using (id)
    where r.since = $since::integer and r.minute < p.minute and r.place > b.last_place - 36
)

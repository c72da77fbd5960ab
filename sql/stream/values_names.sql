-- Gives series that have none yet their numbers.
-- Over the temporary table `values_read`.
insert into rolling_values_series
select
    (select coalesce(max(id), 0) from rolling_values_series) + row_number() over (order by series),
    series
from (select distinct series from values_read)
anti join rolling_values_series using (series)

-- What the series that were found are about, as sql/found_subjects.sql finds in the records.
-- Over the temporary table `found`.
-- Columns: as found_subjects there.
create or replace temporary table found_subjects as
select
    series,
    coalesce(any_value(service), '') as service,
    coalesce(any_value(level)::varchar, '') as level,
    null::varchar as min_level,
    null::varchar as field
from rolling_series
where series in (select series from found)
group by series

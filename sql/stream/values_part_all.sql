-- All series, for a minute that is judged, but those that have to be computed again first.
-- Parameters: base (minute number), since (the past), until (minute number; values from that on are not
-- kept yet).
-- Columns: id, minute (from which on they are to be computed).
create or replace temporary table values_part as
select id, $base::integer as minute
from rolling_values_series
where id not in (
    select id from rolling_values_stale where since = $since::integer and minute < $until::integer
)

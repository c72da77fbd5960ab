-- The series whose residuals are not there from some recent minute on.
-- Parameters: since (the past), recent, until (minute numbers; values from that on are not kept yet).
-- Columns: id, minute (from which on they are to be computed).
create or replace temporary table values_part as
select id, min(minute) as minute
from rolling_values_stale
where since = $since::integer and minute < $until::integer
group by id
having min(minute) >= $recent::integer

-- Some of the series whose residuals are not there.
-- Parameters: since (the past), until (minute number; values from that on are not kept yet), most (how
-- many at most).
-- Columns: id, minute (from which on they are to be computed).
create or replace temporary table values_part as
select id, min(minute) as minute
from rolling_values_stale
where since = $since::integer and minute < $until::integer
group by id
order by id
limit $most::integer

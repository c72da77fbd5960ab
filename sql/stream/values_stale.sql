-- How many series there are whose residuals have to be computed.
-- Parameters: since (the past), recent (minute number).
-- Columns: series, recent (those of them for which that is so from that minute on).
select count(*) as series, count(*) filter (minute >= $recent::integer) as recent
from (select min(minute) as minute from rolling_values_stale where since = $since::integer group by id)

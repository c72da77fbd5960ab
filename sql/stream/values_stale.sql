-- How many series there are whose residuals have to be computed. Values from `until` on are not kept yet.
-- Parameters: since (the past), recent, until (minute numbers).
-- Columns: series, recent (those of them for which that is so from that minute on), never (those that have
-- none at all).
select
    count(*) as series,
    count(*) filter (minute >= $recent::integer) as recent,
    count(*) filter (minute = $since::integer) as never
from (
    select min(minute) as minute
    from rolling_values_stale
    where since = $since::integer and minute < $until::integer
    group by id
)

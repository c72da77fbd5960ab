-- From the first to the last minute that has records, of those that are plausible.
-- Parameters: earliest, latest (microseconds UTC, both inclusive).
-- Columns: first, last (microseconds UTC; null if there are none).
select epoch_us(min(minute)) as first, epoch_us(max(minute)) as last
from rollups
where n > 0
  and epoch_us(minute) between $earliest::bigint and $latest::bigint

-- From the first to the last minute that has records, whatever times these claim.
-- Columns: first, last (microseconds UTC; null if there are none).
select epoch_us(min(minute)) as first, epoch_us(max(minute)) as last from rollups where n > 0

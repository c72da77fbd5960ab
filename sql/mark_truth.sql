-- What people said of anomalies, as truth for backtests.
-- Columns: series, start, end (microseconds UTC, exclusive), verdict.
select
    series,
    epoch_us(first_minute) as start,
    epoch_us(last_minute + interval 1 minute) as "end",
    verdict
from marks
order by start, series

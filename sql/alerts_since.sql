-- Alerts that may go on: open, or not long over.
-- Parameters: since (microseconds UTC).
-- Columns: as the table alerts, times in microseconds UTC, and open.
select
    id, incident, detector, series, service, level, min_level, field, direction,
    epoch_us(first_minute) as first_minute,
    epoch_us(last_minute) as last_minute,
    epoch_us(peak_minute) as peak_minute,
    observed, expected, low, high, score, reason,
    closed is null as open
from alerts
where closed is null or last_minute >= make_timestamp($since::bigint)

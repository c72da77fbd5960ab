-- What a detector found, minute by minute, in order of time.
-- Columns: series, minute (microseconds UTC), observed, expected, low, high, score, direction, reason.
select series, epoch_us(minute) as minute, observed, expected, low, high, score, direction, reason
from found_checked
order by minute, series, direction

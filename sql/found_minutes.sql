-- What a detector found, minute by minute, in order of time.
-- Over the temporary table `found_checked`, left there by the detector.
-- Columns: series, minute (microseconds UTC), observed, expected, low, high, score, direction, reason,
-- service, level, min_level, field, is_expected (somebody said so).
select
    series, epoch_us(minute) as minute, observed, expected, low, high, score, direction, reason,
    service, level, min_level, field, expected_by is not null as is_expected
from found_checked
order by minute, series, direction

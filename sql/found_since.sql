-- What a detector found since then, in order of time.
-- Parameters: detector, parameters (JSON), since (UTC), until (UTC, exclusive).
-- Columns: series, minute (microseconds UTC), observed, expected, low, high, score, direction, reason,
-- service, level, min_level, field, is_expected (somebody said so).
select
    series, epoch_us(minute) as minute, observed, expected, low, high, score, direction, reason,
    service, level, min_level, field, expected_by is not null as is_expected
from anomalies
where detector = $detector::varchar
  and parameters = $parameters::varchar
  and minute >= $since::timestamp
  and minute < $until::timestamp
order by minute, series, direction

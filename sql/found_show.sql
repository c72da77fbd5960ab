-- What a detector found, in order of time.
-- Parameters: detector.
-- Columns: minute, service, observed, expected, score, direction, detector, reason.
select
    minute,
    series as service,
    round(observed, 2) as observed,
    round(expected, 2) as expected,
    round(score, 2) as score,
    direction,
    $detector::varchar as detector,
    reason
from found_checked
order by minute, series, direction

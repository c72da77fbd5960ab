-- What a detector found, in order of time, with what its anomalies are made of.
-- Over the temporary tables `found_checked` and `found_why`.
-- Parameters: detector.
-- Columns: minute, service, observed, expected, score, direction, detector, reason, why (of the whole
-- anomaly: what there is more of than before; null where nothing explains it).
select
    f.minute,
    f.series as service,
    round(f.observed, 2) as observed,
    round(f.expected, 2) as expected,
    round(f.score, 2) as score,
    f.direction,
    $detector::varchar as detector,
    f.reason,
    w.why
from found_checked f
left join found_why w
    on w.series = f.series
    and w.direction = f.direction
    and f.minute between make_timestamp(w.first_minute) and make_timestamp(w.last_minute)
order by f.minute, f.series, f.direction

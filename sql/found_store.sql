-- Adds what a detector found to the anomalies; what is there already stays as it is.
-- Parameters: detector, parameters (JSON), now (UTC).
insert into anomalies
select
    $detector::varchar, series, minute, observed, expected, low, high, score, direction, reason,
    $parameters::varchar, $now::timestamp
from found_checked
on conflict do nothing

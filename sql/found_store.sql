-- Adds what a detector found to the anomalies; what is there already is as it is found now.
-- Parameters: detector, parameters (JSON), now (UTC), monitored (found by the monitor).
insert into anomalies by name
select
    $detector::varchar as detector,
    *,
    $parameters::varchar as parameters,
    $now::timestamp as found,
    $monitored::boolean as monitored
from found_checked
on conflict do update set
    observed = excluded.observed,
    expected = excluded.expected,
    low = excluded.low,
    high = excluded.high,
    score = excluded.score,
    reason = excluded.reason,
    expected_by = excluded.expected_by,
    monitored = monitored or excluded.monitored

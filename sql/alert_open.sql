-- Adds an alert.
-- Parameters: id, detector, series, direction, first_minute, last_minute, peak_minute, opened, closed
-- (microseconds UTC; closed is null while it lasts), observed, expected, low, high, score, reason.
insert into alerts
select
    $id::integer, $detector, $series, $direction,
    make_timestamp($first_minute::bigint),
    make_timestamp($last_minute::bigint),
    make_timestamp($peak_minute::bigint),
    $observed::double, $expected::double, $low::double, $high::double, $score::double, $reason,
    make_timestamp($opened::bigint),
    make_timestamp($closed::bigint)

-- Adds an alert.
-- Parameters: id, incident, detector, series, service, level, min_level, field, direction, first_minute, last_minute, peak_minute, opened, closed
-- (microseconds UTC; closed is null while it lasts), observed, expected, low, high, score, reason.
insert into alerts by name
select
    $id::integer as id,
    $incident::integer as incident,
    $detector as detector,
    $series as series,
    $service::varchar as service,
    $level::varchar as level,
    $min_level::varchar as min_level,
    $field::varchar as field,
    $direction as direction,
    make_timestamp($first_minute::bigint) as first_minute,
    make_timestamp($last_minute::bigint) as last_minute,
    make_timestamp($peak_minute::bigint) as peak_minute,
    $observed::double as observed,
    $expected::double as expected,
    $low::double as low,
    $high::double as high,
    $score::double as score,
    $reason as reason,
    make_timestamp($opened::bigint) as opened,
    make_timestamp($closed::bigint) as closed

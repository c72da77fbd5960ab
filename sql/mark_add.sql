-- Adds what somebody says of an anomaly, instead of what was said of the same before.
-- Parameters: id, detector, series, direction, start, end (microseconds UTC, exclusive), observed,
-- verdict, note, now (microseconds UTC).
delete from marks
where detector = $detector
  and series = $series
  and direction = $direction
  and first_minute < make_timestamp($end::bigint)
  and last_minute >= make_timestamp($start::bigint);
insert into marks by name
select
    $id::integer as id,
    $detector as detector,
    $series as series,
    $direction as direction,
    make_timestamp($start::bigint) as first_minute,
    make_timestamp($end::bigint) - interval 1 minute as last_minute,
    $observed::double as observed,
    $verdict as verdict,
    $note::varchar as note,
    make_timestamp($now::bigint) as made

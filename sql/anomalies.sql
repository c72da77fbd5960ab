-- What a detector found, minutes that belong together joined, with the alert they belong to.
-- Over the temporary table `found_all`: what detectors found, with their names.
-- Parameters: gap (minutes between two of one anomaly).
-- Columns: start, until (microseconds UTC, until is exclusive), minute (the one with the highest
-- score), series, service, level, min_level, field (what the series is about), observed, expected,
-- low, high, score (of that minute), direction, detector, duration_minutes, reason, is_expected
-- (somebody said so of the same slot), mark (its id), verdict, alert (its id), alert_state, mail.
with starts as (
    select
        *,
        coalesce(
            minute - lag(minute) over same > to_minutes($gap::bigint), true
        )::integer as starts
    from found_all
    window same as (partition by detector, series, direction order by minute)
),
numbered as (
    select
        *,
        sum(starts) over (partition by detector, series, direction order by minute) as number
    from starts
),
joined as (
    select
        detector,
        series,
        direction,
        any_value(service) as service,
        any_value(level) as level,
        any_value(min_level) as min_level,
        any_value(field) as field,
        bool_and(expected_by is not null) as is_expected,
        min(minute) as first_minute,
        max(minute) as last_minute,
        max_by(
            struct_pack(minute, observed, expected, low, high, score, reason), abs(score)
        ) as peak
    from numbered
    group by detector, series, direction, number
)
select
    epoch_us(j.first_minute) as start,
    epoch_us(j.last_minute + interval 1 minute) as until,
    epoch_us(peak.minute) as minute,
    j.series,
    j.service,
    j.level,
    j.min_level,
    j.field,
    peak.observed as observed,
    round(peak.expected, 3) as expected,
    round(peak.low, 3) as low,
    round(peak.high, 3) as high,
    round(peak.score, 3) as score,
    j.direction,
    j.detector,
    date_diff('minute', j.first_minute, j.last_minute) + 1 as duration_minutes,
    peak.reason as reason,
    j.is_expected,
    m.id as mark,
    m.verdict,
    a.id as alert,
    if(a.id is null, null, if(a.closed is null, 'open', 'closed')) as alert_state,
    d.state as mail
from joined j
left join lateral (
    select id, incident, closed
    from alerts a
    where a.detector = j.detector
      and a.series = j.series
      and a.direction = j.direction
      and a.first_minute <= j.last_minute
      and a.last_minute >= j.first_minute
    order by id desc
    limit 1
) a on true
left join lateral (
    select id, verdict
    from marks m
    where m.detector = j.detector
      and m.series = j.series
      and m.direction = j.direction
      and m.first_minute <= j.last_minute
      and m.last_minute >= j.first_minute
    order by id desc
    limit 1
) m on true
left join deliveries d on d.alert = a.incident and d.channel = 'email'
order by j.last_minute desc, j.series
limit 1000

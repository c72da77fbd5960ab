-- What a detector found, minutes that belong together joined, with the alert they belong to.
-- Over the temporary table `found_checked`, left there by the detector.
-- Parameters: detector, gap (minutes between two of one anomaly), level.
-- Columns: start, until (microseconds UTC, until is exclusive), minute (the one with the highest
-- score), service, level, observed, expected, low, high, score (of that minute), direction,
-- detector, duration_minutes, reason, alert (its id), alert_state, mail.
with starts as (
    select
        *,
        coalesce(
            minute - lag(minute) over same > to_minutes($gap::bigint), true
        )::integer as starts
    from found_checked
    window same as (partition by series, direction order by minute)
),
numbered as (
    select *, sum(starts) over (partition by series, direction order by minute) as number
    from starts
),
joined as (
    select
        series,
        direction,
        min(minute) as first_minute,
        max(minute) as last_minute,
        max_by(
            struct_pack(minute, observed, expected, low, high, score, reason), abs(score)
        ) as peak
    from numbered
    group by series, direction, number
)
select
    epoch_us(j.first_minute) as start,
    epoch_us(j.last_minute + interval 1 minute) as until,
    epoch_us(peak.minute) as minute,
    nullif(j.series, '') as service,
    $level::varchar as level,
    peak.observed as observed,
    round(peak.expected, 3) as expected,
    round(peak.low, 3) as low,
    round(peak.high, 3) as high,
    round(peak.score, 3) as score,
    j.direction,
    $detector::varchar as detector,
    date_diff('minute', j.first_minute, j.last_minute) + 1 as duration_minutes,
    peak.reason as reason,
    a.id as alert,
    if(a.id is null, null, if(a.closed is null, 'open', 'closed')) as alert_state,
    d.state as mail
from joined j
left join lateral (
    select id, closed
    from alerts a
    where a.detector = $detector::varchar
      and a.series = j.series
      and a.direction = j.direction
      and a.first_minute <= j.last_minute
      and a.last_minute >= j.first_minute
    order by id desc
    limit 1
) a on true
left join deliveries d on d.alert = a.id and d.channel = 'email'
order by j.last_minute desc, j.series
limit 1000

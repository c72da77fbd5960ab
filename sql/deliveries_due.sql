-- Messages whose time has come, with what they are about: the incident, by its strongest alert.
-- Parameters: channel, now (microseconds UTC).
-- Columns: alert (the incident), attempts, created, first_minute (of the incident's first alert, so that a
-- message is known again), detector, series, service, level, min_level, field, direction, minute,
-- observed, expected, low, high, score, reason (of its strongest alert), others (series of its other
-- alerts, the strongest first, a line each; times in microseconds UTC).
with due as (
    select d.alert, d.attempts, d.created, a.first_minute
    from deliveries d
    join alerts a on a.id = d.alert
    where d.channel = $channel
      and d.state = 'pending'
      and d.next_attempt <= make_timestamp($now::bigint)
),
ranked as (
    select
        a.*,
        row_number() over (partition by a.incident order by abs(a.score) desc, a.id) as place
    from alerts a
    where a.incident in (select alert from due)
)
select
    d.alert,
    d.attempts,
    epoch_us(d.created) as created,
    a.detector,
    a.series,
    a.service,
    a.level,
    a.min_level,
    a.field,
    a.direction,
    epoch_us(d.first_minute) as first_minute,
    epoch_us(a.peak_minute) as minute,
    a.observed,
    a.expected,
    a.low,
    a.high,
    a.score,
    a.reason,
    (
        select coalesce(
            string_agg(
                -- A name that has line breaks is one line all the same.
                regexp_replace(o.series || ' (' || o.detector || ')', '[\x00-\x1f]+', ' ', 'g'),
                chr(10)
                order by o.place
            ),
            ''
        )
        from ranked o
        where o.incident = d.alert and o.place > 1
    ) as others
from due d
join ranked a on a.incident = d.alert and a.place = 1
order by d.created, d.alert

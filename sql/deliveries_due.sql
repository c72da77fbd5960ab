-- Messages whose time has come, with what they are about.
-- Parameters: channel, now (microseconds UTC).
-- Columns: alert, attempts, created, detector, series, service, level, min_level, field, direction,
-- first_minute, minute, observed, expected, low, high, score, reason, others (series of alerts with the
-- same cause, a line each; times in microseconds UTC).
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
    epoch_us(a.first_minute) as first_minute,
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
                order by o.id
            ),
            ''
        )
        from alerts o
        where o.incident = a.id and o.id <> a.id
    ) as others
from deliveries d
join alerts a on a.id = d.alert
where d.channel = $channel
  and d.state = 'pending'
  and d.next_attempt <= make_timestamp($now::bigint)
order by d.created, d.alert

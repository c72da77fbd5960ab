-- Messages whose time has come, with what they are about.
-- Parameters: channel, now (microseconds UTC).
-- Columns: alert, attempts, created, detector, series, direction, first_minute, minute, observed, expected,
-- low, high, score, reason (times in microseconds UTC).
select
    d.alert,
    d.attempts,
    epoch_us(d.created) as created,
    a.detector,
    a.series,
    a.direction,
    epoch_us(a.first_minute) as first_minute,
    epoch_us(a.peak_minute) as minute,
    a.observed,
    a.expected,
    a.low,
    a.high,
    a.score,
    a.reason
from deliveries d
join alerts a on a.id = d.alert
where d.channel = $channel
  and d.state = 'pending'
  and d.next_attempt <= make_timestamp($now::bigint)
order by d.created, d.alert

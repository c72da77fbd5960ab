-- Alerts with what was sent about them, the newest first.
-- Parameters: limit.
-- Columns: id, incident (the first alert with the same cause), detector, series, service, level,
-- min_level, field, direction, state, opened, minute (of the peak), first_minute,
-- last_minute, observed, expected, score, reason, mail_state, mail_attempts, mail_error, mail_sent,
-- mail_next (times in microseconds UTC).
select
    a.id,
    a.incident,
    a.detector,
    a.series,
    a.service,
    a.level,
    a.min_level,
    a.field,
    a.direction,
    if(a.closed is null, 'open', 'closed') as state,
    epoch_us(a.opened) as opened,
    epoch_us(a.peak_minute) as minute,
    epoch_us(a.first_minute) as first_minute,
    epoch_us(a.last_minute) as last_minute,
    a.observed,
    round(a.expected, 3) as expected,
    round(a.score, 3) as score,
    a.reason,
    d.state as mail_state,
    d.attempts as mail_attempts,
    d.last_error as mail_error,
    epoch_us(d.sent) as mail_sent,
    epoch_us(d.next_attempt) as mail_next
from alerts a
left join deliveries d on d.alert = a.id and d.channel = 'email'
order by a.last_minute desc, a.id desc
limit $limit::bigint

-- Notes how a message fared.
-- Parameters: alert, channel, state, attempts, next_attempt, sent (microseconds UTC or null), error.
update deliveries
set state = $state,
    attempts = $attempts::integer,
    next_attempt = make_timestamp($next_attempt::bigint),
    sent = make_timestamp($sent::bigint),
    last_error = $error
where alert = $alert::integer and channel = $channel

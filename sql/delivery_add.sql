-- A message to be sent.
-- Parameters: alert, channel, now (microseconds UTC).
insert into deliveries (alert, channel, state, attempts, next_attempt, created)
select
    $alert::integer, $channel, 'pending', 0,
    make_timestamp($now::bigint),
    make_timestamp($now::bigint)
on conflict do nothing

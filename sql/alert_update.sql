-- Notes how far an alert has come.
-- Parameters: id, first_minute, last_minute, peak_minute, closed (microseconds UTC; closed is null
-- while it lasts), observed, expected, low, high, score, reason.
update alerts
set first_minute = make_timestamp($first_minute::bigint),
    last_minute = make_timestamp($last_minute::bigint),
    peak_minute = make_timestamp($peak_minute::bigint),
    observed = $observed::double,
    expected = $expected::double,
    low = $low::double,
    high = $high::double,
    score = $score::double,
    reason = $reason,
    closed = make_timestamp($closed::bigint)
where id = $id::integer

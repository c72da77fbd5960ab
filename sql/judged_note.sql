-- Notes how far the monitor has judged.
-- Parameters: name (of the detector), judged_until (microseconds UTC, exclusive).
insert into detectors values ($name, make_timestamp($judged_until::bigint))
on conflict do update set judged_until = excluded.judged_until

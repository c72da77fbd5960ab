-- Minutes that have other records than their values were computed from, or that none were computed of.
-- A record that was taken back and came again, longer, arrived later.
-- Parameters: from, to (minute numbers).
-- Columns: minute, records, arrivals (null: there are no records any more).
create or replace temporary table values_changed as
select minute, now.records, now.arrivals
from (
    select
        minute_number(ts) as minute,
        count(*) as records,
        sum((hash(ts, ingested) >> 32)::bigint)::bigint as arrivals
    from logs
    where ts >= minute_of($from::integer) and ts < minute_of($to::integer)
    group by all
) now
full join (
    from rolling_values_minutes where minute >= $from::integer and minute < $to::integer
) kept using (minute)
where now.records is distinct from kept.records or now.arrivals is distinct from kept.arrivals

-- Keeps the values of some minutes, and remembers which series have others now.
-- Over the temporary tables `values_asked`, `values_changed` and `values_read`.
-- Parameters: from, to (minute numbers, between which the minutes are).
insert into rolling_values_stale
with now as (
    select s.id, r.minute, r.value from values_read r join rolling_values_series s using (series)
),
kept as (
    from rolling_values
    where minute >= $from::integer and minute < $to::integer and minute in (from values_asked)
)
select since, id, min(minute)
from now
full join kept using (id, minute)
join rolling_values_pasts on since <= minute
where now.value is distinct from kept.value
group by since, id;
delete from rolling_values
where minute >= $from::integer and minute < $to::integer and minute in (from values_asked);
insert into rolling_values
select s.id, r.minute, r.value from values_read r join rolling_values_series s using (series);
delete from rolling_values_minutes
where minute >= $from::integer and minute < $to::integer and minute in (from values_asked);
insert into rolling_values_minutes
select minute, records, arrivals
from values_changed
where minute in (from values_asked) and records is not null

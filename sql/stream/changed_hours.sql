-- Between which minutes closed hours have other records than their state was computed from. Quicker than
-- `changed`: of an hour only a sum is compared, in which every series has a weight of its own, so that
-- as many records of another series are noticed too. (Of a series that several services and levels are,
-- the records are always others.)
-- Parameters: from, to (minute numbers, beginnings of hours).
-- Columns: from_minute, to_minute (numbers, inclusive; null if there are none).
with now as (
    select minute_number(minute) // 60 as hour, sum(weighed) as weighed
    from (
        select minute, sum(n * (hash(service, level) >> 33)::bigint) as weighed
        from rollups
        where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
        group by minute
    )
    group by hour
    having sum(weighed) <> 0
),
kept as (
    select hour, sum(records * weight) as weighed
    from rolling_hours
    join (
        select id, min(hash(service, level) >> 33)::bigint as weight
        from rolling_series
        group by id
    ) using (id)
    where hour >= $from::integer // 60 and hour < $to::integer // 60
    group by hour
)
select min(hour) * 60 as from_minute, max(hour) * 60 + 59 as to_minute
from now
full join kept using (hour)
where now.weighed is distinct from kept.weighed

-- Keeps what hours were like.
-- Parameters: from, to (minute numbers).
delete from rolling_hours
where hour >= $from::integer // 60 and hour < $to::integer // 60 and id in (from part);
insert into rolling_hours
select id, hour, records, last_minute, first_minute, n, minutes, squares, longest
from hourly_gaps
join (
    select id, minute // 60 as hour, sum(n)::bigint as records, max(minute) as last_minute
    from counts
    group by id, hour
) using (id, hour)
where hour >= $from::integer // 60

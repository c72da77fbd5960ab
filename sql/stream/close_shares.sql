-- Keeps the records and errors of some services in hours, in blocks of 5 minutes. Straight from the
-- rollups, after everything else of these hours was read: what came in between is noticed by that.
-- Parameters: from, to (minute numbers, beginnings of hours).
delete from rolling_shares
where block >= $from::integer // 5 and block < $to::integer // 5 and id in (from part_services);
insert into rolling_shares
select
    id,
    minute_number(minute) // 5 as block,
    sum(n)::bigint,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint
from rollups r
join (from rolling_services where id in (from part_services)) s on s.service = coalesce(r.service, '')
where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
group by id, block
having sum(n) > 0

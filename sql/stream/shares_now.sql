-- Records and errors of all services: of the minutes that are judged and the hour before them, and in
-- blocks of 5 minutes of the 3 hours before those.
-- Parameters: from, to (minutes to judge), since (minute number, a multiple of 5: the minutes from there
-- on are read, an hour before `from` or more).
-- Columns: as service_minutes and service_blocks in sql/detect/ratio.sql.
create or replace temporary table service_minutes as
select
    id,
    minute_number(minute) as minute,
    sum(n)::bigint as n,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint as e
from rollups r
join rolling_services s on s.service = coalesce(r.service, '')
where minute >= minute_of($since::integer) and minute < minute_of($to::integer)
group by id, minute
having sum(n) > 0;
create or replace temporary table service_blocks as
select id, block, n, errors as e
from rolling_shares
where block >= $from::integer // 5 - 36 and block < $since::integer // 5
union all
select id, minute // 5 as block, sum(n)::bigint, sum(e)::bigint
from service_minutes
group by id, minute // 5

-- The last minutes with records of the series that may be silent, and the one before those.
-- Parameters: since, to (minute numbers).
-- Columns: as counts in sql/detect/silence.sql.
create or replace temporary table counts as
select id, minute
from (
    select s.id, minute_number(minute) as minute
    from rollups r
    join (from rolling_series where id in (from quiet)) s
        on s.service is not distinct from r.service and s.level is not distinct from r.level
    where minute >= minute_of($since::integer) and minute < minute_of($to::integer)
    group by all
    having sum(n) > 0
)
union all
select id, max(last_minute)
from rolling_hours
where hour < $since::integer // 60 and id in (from quiet)
group by id

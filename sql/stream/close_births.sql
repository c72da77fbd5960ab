-- When series were born, as seen from hours.
-- Parameters: from, to (minute numbers).
-- Columns: as births in sql/detect/counts.sql.
create or replace temporary table births as
select id, w.hour, min(first_minute) as born
from (
    select unnest(range($from::integer // 60, $to::integer // 60))::integer as hour
) w
join rolling_hours h on h.hour between w.hour - 120 and w.hour
where id in (from part)
group by id, w.hour
having born is not null

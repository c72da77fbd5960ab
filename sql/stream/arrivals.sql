-- Minutes with a record of anything in the hours that are open, after a day of those that are kept.
-- Parameters: open (minute number), to.
-- Columns: as arrivals in sql/detect/counts.sql.
create or replace temporary table arrivals as
select minute, first_id, last_id, pause
from rolling_arrivals
where minute >= $open::integer - 1440 and minute < $open::integer
union all
select
    minute,
    first_id,
    last_id,
    minute - coalesce(
        lag(minute) over (order by minute),
        (select max(minute) from rolling_arrivals where minute < $open::integer),
        minute - 1
    )
from (
    select minute, min(id) as first_id, max(id) as last_id
    from recent
    where minute >= $open::integer and minute < $to::integer
    group by minute
)

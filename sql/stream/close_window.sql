-- The counts of hours and of the windows before them. Series that have been born go on, with
-- records or without.
-- Parameters: since, to (minute numbers).
-- Columns: as counts in sql/detect/counts.sql.
create or replace temporary table counts as
select id, minute, sum(x)::bigint as x
from (
    select id, minute, n as x
    from recent
    where id in (select id from births) and minute >= $since::integer and minute < $to::integer
    union all
    select id, unnest([$since::integer, $to::integer - 1]), 0
    from (select distinct id from births)
)
group by id, minute

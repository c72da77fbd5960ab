-- One row for each series and minute with records.
-- Columns: as before.
create or replace temporary table recent as
select id, minute, sum(n)::bigint as n
from recent
group by id, minute
having sum(n) > 0

-- Joins the partial counts of minutes that are over.
-- Parameters: from, to (microseconds UTC).
create or replace temporary table compacted_rollups as
select minute, service, level, sum(n)::bigint as n
from rollups
where minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint)
group by all
having sum(n) <> 0;
delete from rollups
where minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint);
insert into rollups from compacted_rollups

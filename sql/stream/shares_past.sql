-- The records and errors of the services that may fire, with those that are kept.
-- Parameters: from (minute to judge), since (minute number, a multiple of 5: kept blocks are before).
-- Columns: as service_minutes and service_blocks in sql/detect/ratio.sql.
delete from service_minutes where id not in (select id from service_names);
create or replace temporary table service_blocks as
select id, block, n, errors as e
from rolling_shares
where id in (select id from service_names)
  and block >= ($from::integer - 8 * 1440) // 5
  and block < $since::integer // 5
union all
select id, minute // 5 as block, sum(n)::bigint, sum(e)::bigint
from service_minutes
group by id, minute // 5

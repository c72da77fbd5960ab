-- Records of the same source around one, in order of their time.
-- Parameters: id, before, after (how many).
-- Columns: as records.sql.
with the_one as materialized (
    select rowid as id, ts, source from logs where rowid = $id::bigint
),
earlier as (
    select l.rowid as id
    from logs l
    where l.source = (select source from the_one)
      and l.ts <= (select ts from the_one)
      and (l.ts, l.rowid) < (select (ts, id) from the_one)
    order by l.ts desc, l.rowid desc
    limit $before::bigint
),
later as (
    select l.rowid as id
    from logs l
    where l.source = (select source from the_one)
      and l.ts >= (select ts from the_one)
      and (l.ts, l.rowid) > (select (ts, id) from the_one)
    order by l.ts, l.rowid
    limit $after::bigint
)
select
    l.rowid as id,
    epoch_us(l.ts) as ts,
    l.level,
    l.service,
    l.host,
    l.message,
    l.fields,
    l.source,
    (select name from sources s where s.id = l.source) as source_name,
    epoch_us(l.ingested) as ingested
from logs l
where l.rowid in (from earlier union all select id from the_one union all from later)
order by l.ts, l.rowid

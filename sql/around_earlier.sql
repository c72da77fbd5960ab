-- The last records of a source up to one, that one included.
-- Parameters: id, ts (its time), from (microseconds UTC: how far back is looked), source, limit.
-- Columns: as records.sql.
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
where l.ts >= make_timestamp($from::bigint)
  and l.ts <= make_timestamp($ts::bigint)
  and l.source = $source::integer
  and (l.ts < make_timestamp($ts::bigint) or l.rowid <= $id::bigint)
order by l.ts desc, l.rowid desc
limit $limit::bigint

-- The first records of a source after one.
-- Parameters: id, ts (its time), to (microseconds UTC, exclusive: how far is looked), source, limit.
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
where l.ts >= make_timestamp($ts::bigint)
  and l.ts < make_timestamp($to::bigint)
  and l.source = $source::integer
  and (l.ts > make_timestamp($ts::bigint) or l.rowid > $id::bigint)
order by l.ts, l.rowid
limit $limit::bigint

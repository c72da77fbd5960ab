-- The records that came in last, of those after a row; in order of their arrival.
-- Parameters: after (a row), limit.
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
from (
    select rowid, *
    from logs
    where rowid > $after::bigint and (true /* filter */)
    order by rowid desc
    limit $limit::bigint
) l
order by l.rowid

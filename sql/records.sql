-- Records of a stretch of time, the newest first.
-- Parameters: from, to (microseconds UTC); before_ts, before_id: go on after this one (null: from
-- the newest on); after_ts, after_id: stop before this one; limit.
-- Columns: id, ts, level, service, host, message, fields, source, source_name, ingested.
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
    where ts >= make_timestamp($from::bigint)
      and ts < make_timestamp($to::bigint)
      and (
          $before_ts::bigint is null
          or ts < make_timestamp($before_ts::bigint)
          or (ts = make_timestamp($before_ts::bigint) and rowid < $before_id::bigint)
      )
      and (
          $after_ts::bigint is null
          or ts > make_timestamp($after_ts::bigint)
          or (ts = make_timestamp($after_ts::bigint) and rowid > $after_id::bigint)
      )
      and (true /* filter */)
    order by ts desc, rowid desc
    limit $limit::bigint
) l
order by l.ts desc, l.rowid desc

-- Records of a stretch of time, all of them, in no particular order (DuckDB's: as they came in).
-- Parameters: from, to (microseconds UTC).
-- Columns: ts, level, service, host, message, fields, source (its name).
select l.ts, l.level, l.service, l.host, l.message, l.fields, s.name as source
from (
    select ts, level, service, host, message, fields, source
    from logs
    where ts >= make_timestamp($from::bigint)
      and ts < make_timestamp($to::bigint)
      and (true /* filter */)
) l
left join sources s on s.id = l.source

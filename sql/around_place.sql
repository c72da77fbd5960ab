-- Where a record stands among those of its source.
-- Parameters: id.
-- Columns: ts (microseconds UTC), source.
select epoch_us(ts) as ts, source from logs where rowid = $id::bigint

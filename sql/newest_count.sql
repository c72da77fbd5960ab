-- How many records came in after a row.
-- Parameters: after (a row).
-- Columns: n.
select count(*) as n from logs where rowid > $after::bigint and (true /* filter */)

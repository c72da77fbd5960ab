-- The row that came in last; -1 if there is none.
-- Columns: id.
select coalesce(max(rowid), -1) as id
from logs
where rowid >= (select estimated_size from duckdb_tables() where table_name = 'logs') - 1

-- Tables and views with their columns.
-- Columns: name, kind ('table' or 'view'), rows (an estimate; null for views), columns (JSON: name and
-- type of each, in order).
select
    c.table_name as name,
    if(t.table_name is null, 'view', 'table') as kind,
    t.estimated_size as rows,
    to_json(list(struct_pack(name := c.column_name, type := c.data_type) order by c.column_index))
        as columns
from duckdb_columns() c
left join duckdb_tables() t
    on t.table_name = c.table_name and t.schema_name = c.schema_name and not t.temporary
where not c.internal
  and c.schema_name = 'main'
  and c.database_name = current_database()
  -- What detectors keep for themselves.
  and not starts_with(c.table_name, 'rolling_')
group by all
order by kind, c.table_name

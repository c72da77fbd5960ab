-- Names that the prompt completes: tables, views, columns, macros, keywords.
-- Columns: name.
select distinct name
from (
    select table_name as name from duckdb_tables() where not internal
    union all
    select view_name from duckdb_views() where not internal
    union all
    select column_name from duckdb_columns() where not internal
    union all
    select function_name from duckdb_functions() where not internal
    union all
    select keyword_name from duckdb_keywords() where keyword_category = 'reserved'
    union all
    select unnest(['count', 'sum', 'avg', 'min', 'max', 'median', 'quantile_cont', 'time_bucket',
                   'date_trunc', 'regexp_extract', 'interval', 'between', 'over', 'partition'])
)
order by name

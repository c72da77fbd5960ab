-- Names of functions for completion.
-- Columns: name.
select distinct function_name as name
from duckdb_functions()
where function_type in ('scalar', 'aggregate', 'table', 'macro')
  and function_name similar to '[a-z][a-z0-9_]*'
  and not starts_with(function_name, 'pragma_')
order by name

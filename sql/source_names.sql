-- The sources of a kind by name; of several with a name the newest.
-- Parameters: kind.
-- Columns: name, id.
select name, max(id) from sources where kind = $kind group by name

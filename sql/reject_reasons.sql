-- Why lines of a source could not be read.
-- Parameters: source.
-- Columns: reason, count.
select reason, count(*) as count
from rejects
where source = $source::integer
group by reason
order by count desc, reason

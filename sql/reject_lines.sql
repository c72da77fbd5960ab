-- The newest lines of a source that could not be read.
-- Parameters: source, limit.
-- Columns: start_byte, end_byte, reason, line, ingested (microseconds UTC).
select start_byte, end_byte, reason, line, epoch_us(ingested) as ingested
from rejects
where source = $source::integer
order by start_byte desc
limit $limit::bigint

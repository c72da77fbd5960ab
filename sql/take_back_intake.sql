-- Takes records and rejects out of what a source is known to have brought.
-- Parameters: source, records, rejects.
insert into intake
select $source::integer, -$records::bigint, -$rejects::bigint, null, null, max(ingested)
from intake
where source = $source::integer

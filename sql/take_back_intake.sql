-- Takes records and rejects out of what a source is known to have brought.
-- Parameters: source, records, rejects.
insert into intake (source, records, rejects, ingested, received, duplicates, dropped)
select
    $source::integer,
    -$records::bigint,
    -$rejects::bigint,
    max(ingested),
    -$records::bigint - $rejects::bigint,
    0,
    0
from intake
where source = $source::integer

-- Takes records and rejects out of what a source is known to have brought.
-- Parameters: source, records, rejects, ts (of the record, microseconds UTC; null without one).
insert into intake (
    source, records, rejects, ingested, received, duplicates, dropped, ahead, before_1990
)
select
    $source::integer,
    -$records::bigint,
    -$rejects::bigint,
    max(ingested),
    -$records::bigint - $rejects::bigint,
    0,
    0,
    -coalesce(make_timestamp($ts::bigint) > max(ingested) + interval 1 hour, false)::bigint,
    -coalesce(make_timestamp($ts::bigint) < timestamp '1990-01-01', false)::bigint
from intake
where source = $source::integer

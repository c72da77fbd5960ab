-- What came from where, without looking at the records: the Sources page and the totals
-- must cost the same however long the history is.

-- Partial counts per source, as rollups are per minute: every transaction appends its own,
-- the view `intakes` sums them.
create table intake (
    source integer not null,        -- sources.id
    records bigint not null,
    rejects bigint not null,
    first_ts timestamp,             -- event times of these records, UTC; null without records
    last_ts timestamp,
    ingested timestamp not null     -- when they arrived, UTC
);

insert into intake
select source, sum(records), sum(rejects), min(first_ts), max(last_ts), max(ingested)
from (
    select source, count(*) as records, 0 as rejects, min(ts) as first_ts, max(ts) as last_ts,
        max(ingested) as ingested
    from logs group by source
    union all
    select source, 0, count(*), null, null, max(ingested) from rejects group by source
)
group by source;

create view intakes as
select
    source,
    sum(records)::bigint as records,
    sum(rejects)::bigint as rejects,
    min(first_ts) as first_ts,
    max(last_ts) as last_ts,
    max(ingested) as last_seen
from intake
group by source;

-- As before, from counts instead of from the records.
create or replace view ingested as
select
    s.id,
    s.name,
    s.format,
    s.score,
    coalesce(i.records, 0) as records,
    coalesce(i.rejects, 0) as rejects,
    coalesce(p.bytes, 0) as bytes,
    i.first_ts,
    i.last_ts
from sources s
left join intakes i on i.source = s.id
left join (
    select source, sum(end_byte - start_byte)::bigint as bytes from positions group by source
) p on p.source = s.id;

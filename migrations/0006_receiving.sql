-- What is received rather than read: every item is accounted for, and one that a client sends
-- again because it heard no answer is known again.

-- Items that arrived, whatever became of them: stored, rejected, known already, or dropped.
alter table intake add column received bigint;
-- Stored before: what a client sent again.
alter table intake add column duplicates bigint;
-- Never looked at, because there was no room: only protocols that cannot wait drop (UDP).
alter table intake add column dropped bigint;
update intake set received = records + rejects, duplicates = 0, dropped = 0;

create or replace view intakes as
select
    source,
    sum(records)::bigint as records,
    sum(rejects)::bigint as rejects,
    min(first_ts) as first_ts,
    max(last_ts) as last_ts,
    max(ingested) as last_seen,
    sum(received)::bigint as received,
    sum(duplicates)::bigint as duplicates,
    sum(dropped)::bigint as dropped
from intake
group by source;

-- What is known again, for a while: keys of requests and documents that are stored. Committed
-- with their records, so a key is there if and only if what it stands for is.
create table receipts (
    key_high bigint not null,       -- 128 bits of a hash
    key_low bigint not null,
    content bigint not null,        -- a hash of what was stored under the key
    received timestamp not null     -- UTC
);

-- How far behind what is followed was when it was last measured; rows only where it was behind.
create table lags (
    source integer not null,        -- sources.id
    bytes bigint not null,          -- written, not read yet
    seconds double not null,        -- how long the oldest of them have waited
    measured timestamp not null     -- UTC
);

-- The loss ledger: nothing disappears without a number. `missing` is always 0.
create view ledger as
select
    s.id,
    s.kind,
    s.name,
    coalesce(i.received, 0) as received,
    coalesce(i.records + i.duplicates, 0) as parsed,
    coalesce(i.records, 0) as stored,
    coalesce(i.rejects, 0) as rejected,
    coalesce(i.duplicates, 0) as duplicates,
    coalesce(i.dropped, 0) as dropped,
    coalesce(i.received - i.records - i.rejects - i.duplicates - i.dropped, 0) as missing,
    coalesce(l.bytes, 0) as lag_bytes,
    coalesce(l.seconds, 0) as lag_seconds,
    i.last_seen
from sources s
left join intakes i on i.source = s.id
left join lags l on l.source = s.id;

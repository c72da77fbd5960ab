-- Records whose times are implausible: kept, counted and shown, but the newest of them is not now.
-- One of the year 9999 must not decide what the page shows, where detectors end or what is newest.

-- Whether a record may have this time: not before 1990, nor more than an hour ahead of the clock.
create macro plausible(t) as
    t >= timestamp '1990-01-01'
    and t <= make_timestamp(epoch_us(get_current_timestamp())) + interval 1 hour;

-- Records that were more than an hour ahead of the clock when they arrived, and such before 1990.
-- first_ts and last_ts of `intake` are of the others.
create view far_times as
select * from logs where ts < timestamp '1990-01-01' or ts > ingested + interval 1 hour;

alter table intake add column ahead bigint;         -- of these records, more than an hour ahead
alter table intake add column before_1990 bigint;   -- of these records, before 1990

create temporary table far_sources as
select
    source,
    count(*) filter (where ts > ingested + interval 1 hour) as ahead,
    count(*) filter (where ts < timestamp '1990-01-01') as before_1990,
    min(ts) filter (where ts >= timestamp '1990-01-01' and ts <= ingested + interval 1 hour) as first_ts,
    max(ts) filter (where ts >= timestamp '1990-01-01' and ts <= ingested + interval 1 hour) as last_ts,
    max(ingested) as ingested
from logs
where source in (
    select source
    from intake
    where first_ts < timestamp '1990-01-01' or last_ts > ingested + interval 1 hour
)
group by source;

update intake
set first_ts = null, last_ts = null
where source in (select source from far_sources);

insert into intake (
    source, records, rejects, first_ts, last_ts, ingested, received, duplicates, dropped, ahead,
    before_1990
)
select source, 0, 0, first_ts, last_ts, ingested, 0, 0, 0, ahead, before_1990 from far_sources;

drop table far_sources;

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
    sum(dropped)::bigint as dropped,
    coalesce(sum(ahead), 0)::bigint as ahead,
    coalesce(sum(before_1990), 0)::bigint as before_1990
from intake
group by source;

create or replace view services as
select
    service,
    sum(n)::bigint as records,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint as errors,
    round(100.0 * errors / records, 2) as error_percent,
    min(minute) filter (where plausible(minute)) as first_minute,
    max(minute) filter (where plausible(minute)) as last_minute
from rollups
group by service
having sum(n) > 0;

-- What makes ad-hoc SQL pleasant. Part of the product: `pintail sql --help` lists them.
--
-- Severity needs a cast here: DuckDB compares an enum with a text as text, so that
-- 'INFO' >= 'ERROR'. `pintail sql` adds the cast; views must work in every DuckDB.

create view minutes as
select minute, service, level, sum(n)::bigint as n
from rollups
group by all
having sum(n) > 0;

create view errors as
select * from logs where level >= 'ERROR'::level;

create view services as
select
    service,
    sum(n)::bigint as records,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint as errors,
    round(100.0 * errors / records, 2) as error_percent,
    min(minute) as first_minute,
    max(minute) as last_minute
from rollups
group by service
having sum(n) > 0;

-- Where everything went: per source its format, records, rejects and bytes.
create view ingested as
select
    s.id,
    s.name,
    s.format,
    s.score,
    coalesce(l.records, 0) as records,
    coalesce(r.rejects, 0) as rejects,
    coalesce(p.bytes, 0) as bytes,
    l.first_ts,
    l.last_ts
from sources s
left join (
    select source, count(*) as records, min(ts) as first_ts, max(ts) as last_ts
    from logs group by source
) l on l.source = s.id
left join (select source, count(*) as rejects from rejects group by source) r on r.source = s.id
left join (
    select source, sum(end_byte - start_byte)::bigint as bytes from positions group by source
) p on p.source = s.id;

-- Records a minute from a level on: `from per_minute('ERROR')`.
create macro per_minute(from_level) as table
select minute, service, sum(n)::bigint as n
from rollups
where level >= upper(from_level)::level
group by minute, service
having sum(n) > 0;

-- Records whose message contains a text, in any case: `from search('timeout')`.
create macro search(words) as table
select * from logs where contains(lower(message), lower(words));

-- Records around a moment: `from around('2026-01-05 10:00', 5)` is five minutes each way.
create macro around(moment, minutes) as table
select *
from logs
where ts >= moment::timestamp - to_minutes(minutes)
  and ts < moment::timestamp + to_minutes(minutes);

-- One field as text: `select field(fields, 'status') from logs`.
create macro field(fields, name) as json_extract_string(fields, name);

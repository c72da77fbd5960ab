-- What is wrong with a database: no rows for a sound one.
with
counted as (
    select
        time_bucket(interval 1 minute, ts) as minute, service, level, count(*)::bigint as n
    from logs
    group by all
),
differing as (
    (from minutes except from counted) union all (from counted except from minutes)
),
neighbours as (
    select
        *, lag(end_byte) over (partition by source order by start_byte, end_byte) as before
    from positions
)
select 'minutes differs from logs' as wrong, differing::varchar as what from differing
union all
select 'sum of rollups', format('{} of {}', total, records)
from (select coalesce(sum(n), 0)::bigint as total from rollups), (select count(*) as records from logs)
where total <> records
union all
select 'ranges overlap', neighbours::varchar from neighbours where before > start_byte
union all
select 'range without bytes', p::varchar from positions p
where not (start_byte <= tail_byte and tail_byte <= end_byte and start_byte < end_byte)
union all
select 'no such source', s.source::varchar
from (select source from logs union select source from positions union select source from rejects) s
where s.source not in (select id from sources)
union all
select 'reject outside of what was taken in', r::varchar
from rejects r
-- What was received rather than read from a place has no positions.
where r.source in (select source from positions)
and not exists (
    from positions p
    where p.source = r.source and p.start_byte <= r.start_byte and r.end_byte <= p.end_byte
)
union all
select 'intakes differ from logs and rejects', c::varchar
from (
    (select source, records, rejects from intakes where records > 0 or rejects > 0)
    except
    (
        select source, sum(records)::bigint, sum(rejects)::bigint
        from (
            select source, count(*) as records, 0 as rejects from logs group by source
            union all
            select source, 0, count(*) from rejects group by source
        )
        group by source
    )
) c
union all
select 'implausible times are miscounted', c::varchar
from (
    (select source, ahead, before_1990 from intakes where ahead <> 0 or before_1990 <> 0)
    except
    (
        select
            source,
            count(*) filter (where ts > ingested + interval 1 hour),
            count(*) filter (where ts < timestamp '1990-01-01')
        from far_times
        group by source
    )
) c

-- Every source with what came from it, the one that brought something last first.
-- Parameters: since (microseconds UTC): records that arrived after it count as recent.
-- Columns: id, name, kind, format, score, formats, records, rejects, received, parsed, stored,
-- rejected, duplicates, dropped, missing, bytes, file_bytes, recent, first_seen, last_seen,
-- first_ts, last_ts (microseconds UTC, of plausible times), ahead, before_1990 (records whose times
-- are not), doubt.
select
    s.id,
    s.name,
    s.kind,
    s.format,
    s.score,
    s.formats,
    l.stored as records,
    l.rejected as rejects,
    l.received,
    l.parsed,
    l.stored,
    l.rejected,
    l.duplicates,
    l.dropped,
    l.missing,
    coalesce(p.bytes, 0) as bytes,
    s.file_bytes,
    coalesce(r.recent, 0) as recent,
    epoch_us(s.first_seen) as first_seen,
    epoch_us(i.last_seen) as last_seen,
    epoch_us(i.first_ts) as first_ts,
    epoch_us(i.last_ts) as last_ts,
    coalesce(i.ahead, 0) as ahead,
    coalesce(i.before_1990, 0) as before_1990,
    s.doubt
from sources s
join ledger l on l.id = s.id
left join intakes i on i.source = s.id
left join (
    select source, sum(end_byte - start_byte)::bigint as bytes from positions group by source
) p on p.source = s.id
left join (
    select source, sum(records)::bigint as recent
    from intake
    where ingested >= make_timestamp($since::bigint)
    group by source
) r on r.source = s.id
order by i.last_seen desc nulls last, s.id desc
limit 1000

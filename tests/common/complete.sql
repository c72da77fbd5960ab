-- Files that were not taken in from their first byte (after a byte order mark) to their last.
with taken as (
    select source, min(start_byte) as first, max(end_byte) as last, sum(end_byte - start_byte) as bytes
    from positions
    group by source
)
select s.name, s.file_bytes, t.*
from sources s
left join taken t on t.source = s.id
where s.kind = 'file'
  and (t.first is null or t.first not in (0, 3) or t.bytes <> t.last - t.first
       or s.file_bytes is null
       or (not regexp_matches(s.name, '\.(gz|zst|utf16)$') and t.last <> s.file_bytes))

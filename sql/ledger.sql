-- What became of everything that arrived, by name: several files that lay in the same place,
-- one after the other, are one to those who watch. The 1,000 that brought something last.
-- Columns: kind, name, received, parsed, stored, rejected, duplicates, dropped.
select
    kind,
    name,
    sum(received)::bigint as received,
    sum(parsed)::bigint as parsed,
    sum(stored)::bigint as stored,
    sum(rejected)::bigint as rejected,
    sum(duplicates)::bigint as duplicates,
    sum(dropped)::bigint as dropped
from ledger
group by kind, name
order by max(last_seen) desc nulls last, kind, name
limit 1000

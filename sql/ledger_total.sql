-- What became of everything that arrived, in all.
-- Columns: sources, received, parsed, stored, rejected, duplicates, dropped, missing, ahead,
-- before_1990 (records whose times are implausible), bytes.
select
    count(*) as sources,
    coalesce(sum(received), 0)::bigint as received,
    coalesce(sum(parsed), 0)::bigint as parsed,
    coalesce(sum(stored), 0)::bigint as stored,
    coalesce(sum(rejected), 0)::bigint as rejected,
    coalesce(sum(duplicates), 0)::bigint as duplicates,
    coalesce(sum(dropped), 0)::bigint as dropped,
    -- Too much in one source must not hide what another lacks.
    coalesce(sum(abs(missing)), 0)::bigint as missing,
    (select coalesce(sum(ahead), 0)::bigint from intake) as ahead,
    (select coalesce(sum(before_1990), 0)::bigint from intake) as before_1990,
    (select coalesce(sum(end_byte - start_byte), 0)::bigint from positions) as bytes
from ledger

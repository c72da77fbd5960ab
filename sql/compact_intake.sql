-- Joins the partial counts of sources that arrived before a time.
-- Parameters: to (microseconds UTC).
create or replace temporary table compacted_intake as
select
    source,
    sum(records)::bigint as records,
    sum(rejects)::bigint as rejects,
    min(first_ts) as first_ts,
    max(last_ts) as last_ts,
    max(ingested) as ingested,
    sum(received)::bigint as received,
    sum(duplicates)::bigint as duplicates,
    sum(dropped)::bigint as dropped,
    sum(ahead)::bigint as ahead,
    sum(before_1990)::bigint as before_1990
from intake
where ingested < make_timestamp($to::bigint)
group by source;
delete from intake where ingested < make_timestamp($to::bigint);
insert into intake from compacted_intake

-- Sums over the last minutes of series that have records in the minutes to judge.
-- Parameters: from, to (minute numbers).
-- Columns: those of sums in sql/detect/counts.sql that are asked of a minute that is judged.
create or replace temporary table sums as
with judged as (
    select minute as judged_minute, clock as judged_clock
    from clocks
    where minute >= $from::integer and minute < $to::integer
)
select
    id,
    judged_minute as minute,
    coalesce(sum(n) filter (where age = 0), 0)::bigint as x,
    {
        x2: coalesce(sum(n) filter (where age < 2), 0)::bigint,
        x5: coalesce(sum(n) filter (where age < 5), 0)::bigint,
        x15: coalesce(sum(n) filter (where age < 15), 0)::bigint,
        x30: coalesce(sum(n) filter (where age < 30), 0)::bigint,
        x60: coalesce(sum(n) filter (where age < 60), 0)::bigint,
        recent: coalesce(sum(n) filter (where age >= 6), 0)::bigint
    } as summed
from (
    select id, judged_minute, judged_clock - clock as age, n
    from recent
    join clocks using (minute)
    join judged on clock <= judged_clock and clock > judged_clock - 126
)
group by id, judged_minute
having x > 0

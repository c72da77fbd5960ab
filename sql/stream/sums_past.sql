-- Sums over the last minutes at past minutes: those that are asked for, longer ones are not whole.
-- Columns: those of sums in sql/detect/counts.sql that are asked of a past minute.
create or replace temporary table sums as
with around as (
    select
        p.id,
        p.minute,
        coalesce(sum(n) filter (where age = 1), 0)::bigint as x_before,
        coalesce(sum(n) filter (where age = 0), 0)::bigint as x,
        coalesce(sum(n) filter (where age = -1), 0)::bigint as x_after,
        coalesce(sum(n) filter (where age between 1 and 5), 0)::bigint as x5_before,
        coalesce(sum(n) filter (where age between 0 and 4), 0)::bigint as x5,
        coalesce(sum(n) filter (where age between -1 and 3), 0)::bigint as x5_after,
        coalesce(sum(n) filter (where age between 0 and 14), 0)::bigint as x15,
        coalesce(sum(n) filter (where age between 0 and 29), 0)::bigint as x30,
        coalesce(sum(n) filter (where age >= 0), 0)::bigint as x60
    from (
        select p.id, p.minute, p.clock - c.clock as age, n
        from (
            -- The blocks that an hour before to a minute after lie in.
            select *, unnest(range((clock - back + 1) // 32, (clock + 1) // 32 + 1)) as block from past
        ) p
        left join past_counts c
            on c.id = p.id and c.block = p.block and c.clock <= p.clock + 1 and c.clock > p.clock - p.back
    ) p
    group by p.id, p.minute
)
select
    id,
    minute,
    x,
    {
        x5: x5,
        x15: x15,
        x30: x30,
        x60: x60,
        x_before: x_before,
        x_after: x_after,
        x5_before: x5_before,
        x5_after: x5_after
    } as summed
from around

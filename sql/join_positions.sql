-- Joins ranges of a source that meet. What others append meanwhile is untouched.
create or replace temporary table joined_ranges as
with islands as (
    select *, sum(begins) over (partition by source order by start_byte) as island
    from (
        select
            *,
            (start_byte is distinct from
                lag(end_byte) over (partition by source order by start_byte))::int as begins
        from positions
    )
)
select
    source,
    min(start_byte) as start_byte,
    max(end_byte) as end_byte,
    arg_max(tail_byte, end_byte) as tail_byte,
    arg_max(check_bytes, end_byte) as check_bytes,
    arg_max(check_crc, end_byte) as check_crc
from islands
group by source, island
having count(*) > 1;
delete from positions p
using joined_ranges j
where p.source = j.source and p.start_byte >= j.start_byte and p.end_byte <= j.end_byte;
insert into positions from joined_ranges

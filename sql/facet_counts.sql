-- All levels and services of the matching records, the most frequent first: from the counts of whole
-- minutes, and from the records of the parts of minutes at both ends.
-- Parameters: from, to (microseconds UTC), first, last (whole minutes of it are first <= minute < last),
-- values (of each).
-- Columns: place, name, value, label, n, values (how many there are), sampled (records in all).
with counted as materialized (
    select level, service, sum(n)::bigint as n
    from (
        select level, service, n
        from rollups
        where minute >= make_timestamp($first::bigint)
          and minute < make_timestamp($last::bigint)
          and (true /* filter */)
        union all
        select level, service, 1
        from logs
        where ts >= make_timestamp($from::bigint)
          and ts < make_timestamp($first::bigint)
          and (true /* filter */)
        union all
        select level, service, 1
        from logs
        where ts >= make_timestamp($last::bigint)
          and ts < make_timestamp($to::bigint)
          and (true /* filter */)
    )
    group by all
),
columns_of as (
    select 0 as place, 'level' as name, level::varchar as value, sum(n)::bigint as n
    from counted
    group by all
    union all
    select 1, 'service', service, sum(n)::bigint from counted group by all
)
select
    place,
    name,
    value,
    null as label,
    n,
    count(*) over (partition by place) as values,
    (select sum(n) from counted)::bigint as sampled
from columns_of
where n > 0
qualify row_number() over (partition by place order by n desc, value) <= $values::bigint
order by place, n desc, value

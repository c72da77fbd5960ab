-- The values of columns and fields among the newest matching records, the most frequent first.
-- Parameters: from, to (microseconds UTC), sample (how many records are looked at), field_sample
-- (of how many of these the fields), names (how many fields), values (of each).
-- Columns: place (in the order of names), name, value, label, n, sampled (records looked at).
with sample as materialized (
    select
        level, service, host, source, fields,
        row_number() over (order by ts desc) as number,
        count(*) over () as sampled
    from (
        select ts, level, service, host, source, fields
        from logs
        where ts >= make_timestamp($from::bigint)
          and ts < make_timestamp($to::bigint)
          and (true /* filter */)
        order by ts desc
        limit $sample::bigint
    )
),
columns_of as (
    select 0 as place, 'level' as name, level::varchar as value, count(*) as n from sample group by all
    union all
    select 1, 'service', service, count(*) from sample group by all
    union all
    select 2, 'source', source::varchar, count(*) from sample group by all
    union all
    select 3, 'host', host, count(*) from sample group by all
),
pairs as (
    select name, json_extract_string(fields, '$."' || replace(name, '"', '') || '"') as value
    from (
        select fields, unnest(json_keys(fields)) as name
        from sample
        where fields is not null and number <= $field_sample::bigint
    )
),
fields_of as (
    select name, value, count(*) as n
    from pairs
    where value is not null and length(value) <= 200
    group by all
),
-- Fields whose values repeat: of ids there is nothing to choose.
names as (
    select name, 3 + row_number() over (order by sum(n) desc, name) as place
    from fields_of
    group by name
    having sum(n) > 1 and count(*) <= 0.8 * sum(n)
    qualify row_number() over (order by sum(n) desc, name) <= $names::bigint
),
all_of as (
    from columns_of
    union all
    select place, name, value, n from fields_of join names using (name)
)
select
    a.place,
    a.name,
    a.value,
    if(a.name = 'source' and a.place = 2, s.name, null) as label,
    a.n,
    coalesce((select max(sampled) from sample), 0) as sampled
from all_of a
left join sources s on a.place = 2 and s.id = try_cast(a.value as integer)
qualify row_number() over (partition by a.place order by a.n desc, a.value) <= $values::bigint
order by a.place, a.n desc, a.value

-- The values of columns and fields among the newest matching records, the most frequent first.
-- Fields are named by their paths, as searches do it (`http.status`); of an array its elements count.
-- Parameters: from, to (microseconds UTC), sample (how many records are looked at), field_sample
-- (of how many of these the fields), fields (how many of them), names (how many names of fields),
-- values (of each).
-- Columns: place (in the order of names; from 1000 on only the name of a field and in how many records
-- it is), name, value, label, n, values (how many there are), sampled (records looked at).
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
-- A value counts once a record. What an array of objects holds cannot be searched for.
pairs as (
    select distinct
        number,
        regexp_replace(substr(t.fullkey, 3), '\[\d+\]$', '') as name,
        json_extract_string(t.atom, '$') as value
    from (from sample where fields is not null and number <= $field_sample::bigint) s,
        json_tree(s.fields) t
    where t.type not in ('OBJECT', 'ARRAY', 'NULL')
      and not regexp_matches(t.path, '\[\d+\]')
),
fields_of as (
    select name, value, count(*) as n
    from pairs
    where value is not null and length(value) <= 200
    group by all
),
known as (
    select name, count(distinct number) as n
    from pairs
    group by name
    order by n desc, name
    limit $names::bigint
),
-- Fields whose values repeat: of ids there is nothing to choose.
names as (
    select name, 3 + row_number() over (order by sum(n) desc, name) as place
    from fields_of
    group by name
    having sum(n) > 1 and count(*) <= 0.8 * sum(n)
    qualify row_number() over (order by sum(n) desc, name) <= $fields::bigint
),
all_of as (
    from columns_of
    union all
    select place, name, value, n from fields_of join names using (name)
    union all
    select 999 + row_number() over (order by n desc, name), name, null, n from known
)
select
    a.place,
    a.name,
    a.value,
    if(a.name = 'source' and a.place = 2, s.name, null) as label,
    a.n,
    count(*) over (partition by a.place) as values,
    coalesce((select max(sampled) from sample), 0) as sampled
from all_of a
left join sources s on a.place = 2 and s.id = try_cast(a.value as integer)
qualify row_number() over (partition by a.place order by a.n desc, a.value) <= $values::bigint
order by a.place, a.n desc, a.value

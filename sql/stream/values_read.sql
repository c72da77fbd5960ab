-- The 95th percentiles of some minutes, as sql/series_values.sql makes them of the records.
-- Over the temporary table `values_asked`.
-- Parameters: from, to (minute numbers, between which the minutes are).
-- Columns: series, minute, value.
create or replace temporary table values_read as
with carried as (
    select
        service,
        minute_number(ts) as minute,
        unnest(json_keys(fields)) as field,
        unnest(json_extract(fields, '$.*')) as number
    from logs
    where fields is not null
      and ts >= minute_of($from::integer)
      and ts < minute_of($to::integer)
      and minute_number(ts) in (from values_asked)
)
select
    concat_ws(' ', service, field) as series,
    minute,
    quantile_cont(number::double, 0.95) as value
from carried
where json_type(number) in ('BIGINT', 'UBIGINT', 'DOUBLE')
group by all

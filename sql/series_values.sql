-- The numbers that records carry: per minute the 95th percentile of each numeric field of each
-- service. Complete minutes only, and as far back as a detector may look: 8 days before the day of the
-- first minute that is judged. Minutes of one day have the same past, whichever of them is judged first.
-- Parameters: service (null: all), from and to (minutes judged are from <= minute < to; null: all),
-- now (UTC; the minute it lies in is not complete).
-- Columns: series (service and field), ts (the minute, UTC), value (in the field's own unit), row
-- (the order of time).
with carried as (
    select
        service,
        time_bucket(interval 1 minute, ts) as minute,
        unnest(json_keys(fields)) as field,
        unnest(json_extract(fields, '$.*')) as number
    from logs
    where fields is not null
      and ts < time_bucket(interval 1 minute, $now::timestamp)
      -- All of the minute that `to` lies in: of a part of it the value would be another one.
      and (
          $to::timestamp is null
          or ts < time_bucket(interval 1 minute, $to::timestamp - interval 1 microsecond)
              + interval 1 minute
      )
      and ($from::timestamp is null or ts >= time_bucket(interval 1 day, $from::timestamp) - interval 8 days)
      and ($service::varchar is null or service = $service::varchar)
),
per_minute as (
    select
        concat_ws(' ', service, field) as series,
        minute as ts,
        -- The same whatever the order is in which threads come by the numbers.
        quantile_cont(number::double, 0.95) as value
    from carried
    where json_type(number) in ('BIGINT', 'UBIGINT', 'DOUBLE')
    group by all
)
select *, row_number() over (order by ts, series) as row from per_minute

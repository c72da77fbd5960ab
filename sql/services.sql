-- Records and errors per service and bucket, from the counts per minute.
-- Parameters: from, to, width (microseconds UTC, whole minutes).
-- Columns: service, bucket (its number from `from` on), records, errors.
select
    service,
    (epoch_us(minute) - $from::bigint) // $width::bigint as bucket,
    sum(n)::bigint as records,
    coalesce(sum(n) filter (where level >= 'ERROR'::level), 0)::bigint as errors
from rollups
where minute >= make_timestamp($from::bigint)
  and minute < make_timestamp($to::bigint)
group by all
having sum(n) > 0

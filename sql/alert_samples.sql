-- Records that an alert is about.
-- Parameters: service (null: all; empty: records without one), level (null: all; empty: records without
-- one; else exactly this), min_level (null: all; else this and above), field (null: all; else records
-- that have it), minute (microseconds UTC), limit.
-- Columns: ts (microseconds UTC), level, message.
select epoch_us(ts) as ts, level, message
from logs
where ts >= make_timestamp($minute::bigint)
  and ts < make_timestamp($minute::bigint) + interval 1 minute
  and ($service::varchar is null or coalesce(service, '') = $service::varchar)
  and ($level::varchar is null or coalesce(level::varchar, '') = $level::varchar)
  and ($min_level::varchar is null or level >= $min_level::level)
  and (
      $field::varchar is null
      or json_exists(fields, '$."' || replace($field::varchar, '"', '\"') || '"')
  )
order by ts, rowid
limit $limit::bigint

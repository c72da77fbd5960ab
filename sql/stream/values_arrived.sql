-- Between which minutes records arrived lately whose values were kept before. They are the last rows of
-- logs, which are in order of arrival.
-- Parameters: arrived (microseconds UTC, since when), from, to (minute numbers, kept minutes).
-- Columns: from_minute, to_minute (numbers, inclusive; null if none did).
select
    minute_number(min(ts)) as from_minute,
    minute_number(max(ts)) as to_minute
from logs
where ingested >= make_timestamp($arrived::bigint)
  and ts >= minute_of($from::integer)
  and ts < minute_of($to::integer)

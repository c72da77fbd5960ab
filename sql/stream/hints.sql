-- Between which minutes something arrived lately that lies before the hours that are open.
-- Parameters: arrived (microseconds UTC, since when), open (minute number).
-- Columns: from_minute, to_minute (numbers; null if nothing did).
select
    minute_number(min(first_ts)) as from_minute,
    minute_number(least(max(last_ts), minute_of($open::integer))) as to_minute
from intake
where ingested >= make_timestamp($arrived::bigint)
  and first_ts < minute_of($open::integer)

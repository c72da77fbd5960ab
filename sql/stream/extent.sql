-- From when to when there are records, before a minute.
-- Parameters: from, to (minute numbers; null: from the first on).
-- Columns: first, last (minute numbers; null if there are none), series (how many are known).
select
    minute_number(min(minute)) as first,
    minute_number(max(minute)) as last,
    (select count(distinct id) from rolling_series) as series
from rollups
where minute < minute_of($to::integer)
  and ($from::integer is null or minute >= minute_of($from::integer))

-- How many minutes have records now that had none of any series.
-- Parameters: from, to (minute numbers).
-- Columns: minutes.
select count(distinct minute_number(minute)) as minutes
from rollups r
join (from rolling_series where id in (select id from changed)) s
    on s.service is not distinct from r.service and s.level is not distinct from r.level
where minute >= minute_of($from::integer)
  and minute < minute_of($to::integer)
  and minute_number(minute) not in (select minute from rolling_arrivals)

-- What the monitor has found, to be shown. Of a minute that was judged with several
-- settings the highest score.
-- Parameters: from, to (microseconds UTC).
create or replace temporary table found_all as
select * exclude (parameters, found, monitored)
from anomalies
where monitored
  and minute >= make_timestamp($from::bigint) and minute < make_timestamp($to::bigint)
qualify row_number() over (
    partition by detector, series, minute, direction order by abs(score) desc
) = 1

-- What may be in the baselines of minutes that are judged.
-- Parameters: detector, from (minute number).
-- Columns: as flags in sql/detect/counts.sql and ratio.sql.
create or replace temporary table flags as
select id, minute, records, errors
from rolling_flags
where detector = $detector and minute >= $from::integer - 140

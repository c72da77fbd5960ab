-- What may be in the baselines of minutes that are judged.
-- Parameters: from (minute number).
-- Columns: as flags in sql/detect/counts.sql.
create or replace temporary table flags as
select id, minute, records
from rolling_flags
where minute >= $from::integer - 125

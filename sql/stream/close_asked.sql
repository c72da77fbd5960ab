-- All hours and the candidates that count for them, whatever fires.
-- Columns: as asked in sql/detect/counts.sql, and those of measured that hourly reads there.
create or replace temporary table measured as
select distinct j.id, j.hour, 60 as scale from judged;
create or replace temporary table asked as
from candidates where scale < 5 or minute % 5 = 0

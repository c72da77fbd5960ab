-- All hours and the candidates that count for them, whatever fires.
-- Columns: as needed and asked in sql/detect/counts.sql.
create or replace temporary table needed as
select distinct id, hour from judged;
create or replace temporary table asked as
from candidates where scale < 5 or minute % 5 = 0

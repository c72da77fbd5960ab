-- The dispersions of the candidates' hours.
-- Parameters: from, to (minute numbers).
-- Columns: as dispersions in sql/detect/counts.sql.
create or replace temporary table dispersions as
select *
from rolling_dispersions
where hour between $from::integer // 60 and ($to::integer - 1) // 60
  and id in (select id from candidates)

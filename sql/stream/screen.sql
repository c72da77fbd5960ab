-- The candidates that may fire: what patterns explain can only lower a score, and rounding
-- moves it by far less than a thousandth.
-- Parameters: threshold.
-- Columns: those of candidates in sql/detect/counts.sql.
create or replace temporary table asked as
select c.*
from candidates c
left join dispersions d using (id, hour, scale, side)
where may_fire
  and count_score(x, recent, dispersion(d.excess, d.unit, hours, minutes), side)
      >= least_score($threshold)

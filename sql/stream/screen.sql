-- Leaves the candidates that may fire: what patterns explain can only lower a score, and rounding
-- moves it by far less than a thousandth.
-- Parameters: threshold.
create or replace temporary table candidates as
select c.*
from candidates c
left join dispersions d using (id, hour, scale, side)
where count_score(x, recent, dispersion(d.excess, d.unit, hours, minutes), side)
    >= $threshold::double - 0.001

-- Minutes without those of downtime, counted: sums over the last minutes are sums over this count.
-- Parameters: to (minute number).
-- Columns: minute, clock.
create or replace temporary table clocks as
select minute, row_number() over (order by minute)::integer as clock
from (
    select unnest(range(first_minute, $to::integer))::integer as minute
    from (select min(minute) as first_minute from patience)
)
anti join downtimes using (minute)

-- The services that shares are computed for: those of the series in `part`.
-- Columns: id.
create or replace temporary table part_services as
select id
from rolling_services
where service in (select coalesce(service, '') from rolling_series where id in (from part))

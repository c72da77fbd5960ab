-- The services that shares are computed for: all.
-- Columns: id.
create or replace temporary table part_services as
select id from rolling_services

-- The first minute that is to be computed.
-- Columns: minute (null if there is none).
select min(minute) as minute from values_part

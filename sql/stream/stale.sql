-- The series that have to be computed again.
-- Columns: series (how many), hour (from which on; null if there are none).
select count(distinct id) as series, min(hour) as hour from rolling_stale

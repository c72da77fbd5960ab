-- How far the monitor has judged.
-- Columns: name (of the detector), judged_until (microseconds UTC, exclusive).
select name, epoch_us(judged_until) as judged_until from detectors

-- Of which minutes values are kept, and by which formulas.
-- Columns: fingerprint, first_minute, until (exclusive).
select fingerprint, first_minute, until from rolling_values_kept

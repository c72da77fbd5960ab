-- Which formulas the state was computed with.
-- Columns: fingerprint.
select fingerprint from rolling_version

-- The pasts in which residuals are kept.
-- Columns: since (minute number).
select since from rolling_values_pasts

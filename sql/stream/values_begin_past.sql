-- Begins another past: none of its residuals are there yet.
-- Parameters: since (minute number).
insert into rolling_values_pasts values ($since::integer);
insert into rolling_values_stale
select distinct $since::integer, id, $since::integer from rolling_values where minute >= $since::integer

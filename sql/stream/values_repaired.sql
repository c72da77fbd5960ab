-- Keeps residuals that were computed.
-- Over the temporary tables `values_part` and `values_fresh`.
-- Parameters: since (the past), first (the first minute that was to be computed), until (exclusive: values
-- from that on are not kept yet).
delete from rolling_values_residuals r
using values_part p
where r.since = $since::integer
  and r.minute >= $first::integer
  and r.id = p.id
  and r.minute >= p.minute;
insert into rolling_values_residuals
select $since::integer, * from values_fresh order by minute, id;
delete from rolling_values_stale
where since = $since::integer and minute < $until::integer and id in (select id from values_part)

-- How many rows of a series are there before those that are to be computed.
-- Over the temporary table `values_part`.
-- Parameters: since (the past).
-- Columns: id, last_place, last_settled, last_unsettled (places: of the last row, of the last that is settled
-- and of the last that is not).
create or replace temporary table values_begun as
select
    id,
    max(place) as last_place,
    coalesce(max(place_of_kind) filter (settled), 0) as last_settled,
    coalesce(max(place_of_kind) filter (not settled), 0) as last_unsettled
from rolling_values_residuals r
join values_part p using (id)
where since = $since::integer and r.minute < p.minute
group by id

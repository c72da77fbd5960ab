-- Series with a residual that may be beyond its limits (the 0.2 % and 99.8 % quantiles of the last 8000
-- of its kind): few enough of those that are kept lie further out. The rows that are not kept yet may
-- have pushed as many out of the last 8000, and are no part of these.
-- Over the temporary tables `values_fresh` and `values_begun`.
-- Parameters: since (the past), base (from which minute on rows are not from what is kept), from, to (the
-- minutes that are judged), most (more than any of the numbers of rows that are asked for below).
-- Columns: id, place (the 50th row before the first that is judged).
create or replace temporary table values_suspects as
with tails as (
    select
        id,
        settled,
        count(*) as n,
        max(x - expected, $most::bigint) as high1,
        min(x - expected, $most::bigint) as low1,
        max(r3, $most::bigint) as high3,
        min(r3, $most::bigint) as low3,
        max(r12, $most::bigint) as high12,
        min(r12, $most::bigint) as low12,
        max(r36, $most::bigint) as high36,
        min(r36, $most::bigint) as low36
    from rolling_values_residuals r
    join values_begun b using (id)
    where r.since = $since::integer
      and r.minute < $base::integer
      and r.place_of_kind > if(r.settled, b.last_settled, b.last_unsettled) - 8000
    group by all
),
judged as (
    select
        f.*,
        t.* exclude (id, settled),
        (2 + ceil(0.002 * (coalesce(n, 0) + fresh)) + fresh)::bigint as further_out
    from (select *, count(*) over (partition by id) as fresh from values_fresh) f
    left join tails t on t.id = f.id and t.settled = f.settled
    where f.minute >= $from::integer and f.minute < $to::integer
)
select id, min(place) - 50 as place
from judged
where coalesce(x - expected > high1[further_out], true)
   or coalesce(x - expected < low1[further_out], true)
   or coalesce(r3 > high3[further_out], true)
   or coalesce(r3 < low3[further_out], true)
   or coalesce(r12 > high12[further_out], true)
   or coalesce(r12 < low12[further_out], true)
   or coalesce(r36 > high36[further_out], true)
   or coalesce(r36 < low36[further_out], true)
group by id

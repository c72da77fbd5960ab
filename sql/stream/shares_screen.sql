-- The services that may fire, and those whose baseline may lose something. The others' expected share is
-- at least that of the records just before, among which at most 20 are added as a prior (see pasts in
-- sql/detect/ratio.sql); a larger one only lowers a score, and rounding moves it by less than 0.05 (the
-- square of it by a thousandth).
-- Parameters: from, to (minutes to judge), threshold, detector (whose flags).
-- Columns: as service_names in sql/detect/ratio.sql.
create or replace temporary table service_names as
with judged as (
    select unnest(range($from::integer, $to::integer))::integer as minute
),
lately as (
    select
        id,
        j.minute,
        j.minute // 5 as block,
        sum(n) filter (where m.minute > j.minute - 5) as n5,
        sum(e) filter (where m.minute > j.minute - 5) as e5,
        sum(n) filter (where m.minute > j.minute - 15) as n15,
        sum(e) filter (where m.minute > j.minute - 15) as e15,
        sum(n) as n60,
        sum(e) as e60
    from service_minutes m
    join judged j on m.minute > j.minute - 60 and m.minute <= j.minute
    group by id, j.minute
    having sum(e) >= 5
),
before as (
    select
        id,
        j.block,
        sum(n) filter (where b.block between j.block - 27 and j.block - 4) as recent_n,
        sum(e) filter (where b.block between j.block - 27 and j.block - 4) as recent_e,
        sum(n) filter (where b.block <= j.block - 13) as earlier_n,
        sum(e) filter (where b.block <= j.block - 13) as earlier_e
    from service_blocks b
    join (select distinct minute // 5 as block from judged) j
        on b.block between j.block - 36 and j.block - 4
    group by id, j.block
),
scales as (
    select id, unnest([
        {n: n5, e: e5, base_n: recent_n, base_e: recent_e},
        {n: n15, e: e15, base_n: recent_n, base_e: recent_e},
        {n: n60, e: e60, base_n: earlier_n, base_e: earlier_e}
    ], recursive := true)
    from lately
    left join before using (id, block)
)
select service as series, id
from rolling_services
where id in (
    select id
    from (select *, coalesce(base_e, 0) / (coalesce(base_n, 0) + 21) as base from scales)
    where share_fires(e, n, base)
      and (
          base = 0
          or share_score(e, n, base, 1e12) >= least($threshold::double, flagged_from()) - 0.05
      )
    union all
    select id
    from rolling_flags
    where detector = $detector and minute >= $from::integer - 140
)
-- Nothing is said of what has to be computed again first.
and service not in (
    select coalesce(service, '') from rolling_series where id in (select id from rolling_stale)
)

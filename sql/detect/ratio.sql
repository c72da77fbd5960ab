-- ratio: an unusually high share of errors among the records of a service.
--
-- Looks for it in the last 5, 15 and 60 minutes.
--
-- Method: the last minutes are a sample of records, the past is another one. The score is the
-- binomial deviance between their shares of errors (macros.sql), in standard deviations. Expected is
-- the LARGEST share that could explain it: of the 2 hours before (they end 15 minutes ago, for the
-- 60 minutes an hour ago), of the last 2 days, of the same minutes of the last 6 hours and of the
-- last 4 days; so a nightly batch that always errs is no anomaly. What was worst is left out (3 of
-- the 48 hours, 1 of the 6, 1 of the 4 days): an incident must not blind the detector. And minutes that
-- score 5 and more at a first look are left out of the 2 hours before at a second, at most 60 of them (but
-- for sums over 60 minutes, which have these minutes in them).
--
-- Error shares vary by more than chance (retries, releases), and a past of a million records is
-- then worth fewer: 1 / correlation, that of two records of the same minutes (the overdispersion of
-- a beta-binomial; moment estimate, Williams, Applied Statistics 1982). It is measured for every
-- length of time on the series' own 2 days, and of their hours the 3 wildest count as the fourth.
--
-- What a fire needs besides, otherwise the score is 0: 5 errors, 20 records, twice the expected
-- share, and that it goes on (still more than expected in the last 5 of 15 and 15 of 60 minutes). It
-- is nothing when two of the last 4 days, or the week before, had half as large a share around this
-- minute, an hour earlier or an hour later (daylight saving time). Less than 30 minutes old a series
-- is not judged; until it is a day old 1 is taken off the score. A minute is judged when it has
-- records; in own downtime there are none, and a share does not mind. Few errors are no anomaly.
--
-- Exact: sums over windows are sums of whole numbers, the rest is minimum and maximum; so a run
-- over a part of the time gives the bits of the run over the whole. Reads 8 days before $from.
--
-- Parameters: from and to (judged are from <= minute < to; null: all), threshold (standard
-- deviations; at 5.1 1 to 2 false alarms a day were measured over 1000 calm services after their
-- first day; errors in rare bursts give more, some 20), every (return all minutes judged).
-- Columns: series, minute, observed, expected, low, high (shares of errors from 0 to 1, over the
-- length of time that is the most unusual), score, direction, reason.
create or replace temporary table service_names as
select series, row_number() over (order by series)::integer as id
from (select distinct series from series_ratio);

create or replace temporary table service_minutes as
select id, minute_number(minute) as minute, n, errors as e
from series_ratio
join service_names using (series)
where n > 0
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp) - interval 8 day)
  and ($to::timestamp is null or minute < $to::timestamp);

-- All that is past is summed in blocks of 5 minutes: a fifth of the work.
create or replace temporary table service_blocks as
select id, minute // 5 as block, sum(n)::bigint as n, sum(e)::bigint as e
from service_minutes
group by id, block;

-- Sums of what ends with a block of 5 minutes, and of the 2 hours before.
create or replace temporary table sums as
select
    id,
    block,
    block // 12 as hour,
    s.n as n5,
    s.e as e5,
    sum(s.n) over w15::bigint as n15,
    sum(s.e) over w15::bigint as e15,
    sum(s.n) over w60::bigint as n60,
    sum(s.e) over w60::bigint as e60,
    coalesce(sum(s.n) over recently, 0)::bigint as recent_n,
    coalesce(sum(s.e) over recently, 0)::bigint as recent_e,
    coalesce(sum(s.n) over earlier, 0)::bigint as earlier_n,
    coalesce(sum(s.e) over earlier, 0)::bigint as earlier_e
from service_blocks s
window
    -- 15 minutes reach back into 3 blocks besides the current, 60 into 12.
    w15 as (partition by id order by block range between 2 preceding and current row),
    w60 as (partition by id order by block range between 11 preceding and current row),
    recently as (partition by id order by block range between 27 preceding and 4 preceding),
    earlier as (partition by id order by block range between 36 preceding and 13 preceding);

-- The shares of them. Where there are few records, a prior of half an error (at most 20 records,
-- fewer are not judged) at the share of the 2 days; without any past, half an error of one record.
create or replace temporary table pasts as
with hours as materialized (
    select id, block // 12 as hour, sum(n)::bigint as n, sum(e)::bigint as e
    from service_blocks
    group by id, hour
),
-- When a series was born, as seen from an hour: 5 days back at most, with the first block that
-- follows another within a day (a stray early line is no birth).
births as (
    select
        id,
        hour,
        5 * min(first_block) over (
            partition by id order by hour range between 120 preceding and current row
        ) as born
    from (
        select id, block // 12 as hour, min(block) filter (where pause <= 288) as first_block
        from (
            select id, block, block - lag(block) over (partition by id order by block) as pause
            from service_blocks
        )
        group by id, hour
    )
),
-- The 48 hours that ended an hour ago or more, without the worst. An hour of less than 5 errors is
-- not left out: it is no incident, and a small share would become smaller than it is.
two_days as (
    select
        id,
        hour,
        n - coalesce(list_sum(list_transform(worst[:hours // 16], lambda h: if(h.e >= 5, h.n, 0))), 0)
            as days_n,
        e - coalesce(list_sum(list_transform(worst[:hours // 16], lambda h: if(h.e >= 5, h.e, 0))), 0)
            as days_e
    from (
        select
            id,
            hour,
            count(*) over past as hours,
            sum(n) over past as n,
            sum(e) over past as e,
            max({e: e, n: n}, 3) over past as worst
        from hours
        window past as (partition by id order by hour range between 49 preceding and 2 preceding)
    )
)
select
    s.*,
    born,
    coalesce(days_n, 0)::bigint as days_n,
    (coalesce(days_e, 0) + 0.5) / (coalesce(days_n, 0) + 1) as days_share,
    least(20, 0.5 / days_share) as prior,
    if(days_n > 0, days_share, null) as floor_share,
    greatest(floor_share, (recent_e + prior * days_share) / (recent_n + prior)) as recent_share,
    greatest(floor_share, (earlier_e + prior * days_share) / (earlier_n + prior)) as earlier_share
from sums s
join births using (id, hour)
left join two_days using (id, hour);

-- Minutes that may be judged, with their past. Only where an hour and the one before have 5 errors can
-- anything fire, and only beyond the share of the 2 days, which every expected share is at least.
create or replace temporary table judged as
with active as (
    select id, hour
    from (
        select
            id,
            hour,
            e + coalesce(lag(e) over near, 0) >= 5 or e + coalesce(lead(e) over near, 0) >= 5 as active
        from (select id, hour, sum(e5) as e from sums group by id, hour)
        window near as (partition by id order by hour)
    )
    where active or $every::boolean
),
minutes as (
    select
        id,
        minute,
        n,
        e,
        sum(n) over w5::bigint as n5,
        sum(e) over w5::bigint as e5,
        sum(n) over w15::bigint as n15,
        sum(e) over w15::bigint as e15,
        sum(n) over w60::bigint as n60,
        sum(e) over w60::bigint as e60
    from (
        select id, minute, n, e
        from service_minutes m
        semi join active on active.id = m.id and active.hour = m.minute // 60
    )
    window
        w5 as (partition by id order by minute range between 4 preceding and current row),
        w15 as (partition by id order by minute range between 14 preceding and current row),
        w60 as (partition by id order by minute range between 59 preceding and current row)
)
select
    m.*,
    p.block,
    hour,
    minute - born as age,
    days_n, days_share, floor_share, prior, recent_n, recent_e, recent_share, earlier_n, earlier_share
from minutes m
join (select * exclude (n5, e5, n15, e15, n60, e60) from pasts) p
    on p.id = m.id and p.block = m.minute // 5
where minute - born >= 30
  and ($from::timestamp is null or minute >= minute_number($from::timestamp) - 140)
  and (
      $every::boolean
      or share_fires(e5, n5, coalesce(floor_share, 0))
      or share_fires(e15, n15, coalesce(floor_share, 0))
      or share_fires(e60, n60, coalesce(floor_share, 0))
  );

-- What might fire: it would, if shares did not vary and nothing else explained them.
create or replace temporary table candidates as
select *
from (
    select
        id, minute, n as records, e as errors, block, hour, age, days_n, days_share, prior,
        unnest(
            share_lengths(
                n5, e5, n15, e15, n60, e60, age,
                recent_n, recent_share, earlier_n, earlier_share, $every::boolean, $threshold
            ),
            recursive := true
        )
    from judged
)
-- What does not pass has a score of 0; to show that, one length of time is enough.
where may_fire or ($every::boolean and scale = 5);

-- From here on twice, if there are flags (below).
--
-- The blocks of the past that looked like a fire: also of these it is asked what else explains them.
create or replace temporary table wild_blocks as
select *
from (
    select id, block, hour, unnest([
        {scale: 5, n: n5, e: e5, base: recent_share},
        {scale: 15, n: n15, e: e15, base: recent_share},
        {scale: 60, n: n60, e: e60, base: earlier_share}
    ], recursive := true)
    from pasts
    where recent_n + days_n > 0
      and id in (select id from candidates)
      and (
          share_fires(e5, n5, recent_share)
          or share_fires(e15, n15, recent_share)
          or share_fires(e60, n60, earlier_share)
      )
)
where share_fires(e, n, base);

create or replace temporary table unusual as
with -- The same block, its predecessor and successor, 1 to 6 hours and 1 to 4 days ago.
lookups as (
    select *, unnest([-1, 0, 1]) as near
    from (
        select *, unnest(range(12, 73, 12) || range(288, 1153, 288)) as back
        from (
            select id, block, scale from candidates where may_fire
            union
            select id, block, scale from wild_blocks
        )
    )
    where scale < 60 or back >= 288
),
occasions as (
    select
        l.id,
        l.block,
        scale,
        near,
        back >= 288 as days,
        count(*) as occasions,
        sum(of_scale(scale, n5, n15, n60)) as n,
        sum(of_scale(scale, e5, e15, e60)) as e,
        max({e: of_scale(scale, e5, e15, e60), n: of_scale(scale, n5, n15, n60)}) as worst
    from lookups l
    join sums s on s.id = l.id and s.block = l.block - back + near
    group by all
),
-- All but the worst together.
patterns as materialized (
    select
        o.id,
        o.block,
        scale,
        max({
            share: (e - if(occasions > 2, worst.e, 0) + prior * days_share)
                / (n - if(occasions > 2, worst.n, 0) + prior),
            n: (n - if(occasions > 2, worst.n, 0))::bigint
        }) as pattern
    from occasions o
    join pasts using (id, block)
    group by o.id, o.block, scale
),
-- What each hour adds to the dispersion of each length of time.
plain_excesses as (
    select
        id,
        hour,
        sum(if(share_fires(e5, n5, recent_share), 0, share_excess(e5, n5, recent_share))) as excess5,
        sum(if(share_fires(e5, n5, recent_share), 0, share_unit(e5, n5, recent_share))) as unit5,
        sum(if(share_fires(e15, n15, recent_share), 0, share_excess(e15, n15, recent_share))) as excess15,
        sum(if(share_fires(e15, n15, recent_share), 0, share_unit(e15, n15, recent_share))) as unit15,
        sum(if(share_fires(e60, n60, earlier_share), 0, share_excess(e60, n60, earlier_share))) as excess60,
        sum(if(share_fires(e60, n60, earlier_share), 0, share_unit(e60, n60, earlier_share))) as unit60
    from pasts
    where recent_n + days_n > 0 and id in (select id from candidates)
    group by id, hour
),
hourly as (
    select id, hour, scale, sum(excess) as excess, sum(unit) as unit
    from (
        select id, hour, unnest([
            {scale: 5, excess: excess5, unit: unit5},
            {scale: 15, excess: excess15, unit: unit15},
            {scale: 60, excess: excess60, unit: unit60}
        ], recursive := true)
        from plain_excesses
        union all
        select
            id,
            hour,
            scale,
            share_excess(e, n, greatest(base, pattern.share)),
            share_unit(e, n, greatest(base, pattern.share))
        from wild_blocks
        left join patterns using (id, block, scale)
    )
    group by id, hour, scale
),
dispersions as (
    select
        id,
        hour,
        scale,
        hours,
        -- The wildest hours count as the next does.
        hours // 16 as left_out,
        excess - coalesce(list_sum(list_transform(wildest[:left_out], lambda h: greatest(h.excess, 0))), 0)
            + coalesce(left_out * greatest(wildest[left_out + 1].excess, 0), 0) as excess,
        unit - coalesce(list_sum(list_transform(wildest[:left_out], lambda h: h.unit)), 0)
            + coalesce(left_out * wildest[left_out + 1].unit, 0) as unit
    from (
        select
            id,
            hour,
            scale,
            count(*) over past as hours,
            sum(excess) over past as excess,
            sum(unit) over past as unit,
            max({excess: excess, unit: unit}, 4) over past as wildest
        from hourly
        window past as (
            partition by id, scale order by hour range between 49 preceding and 2 preceding
        )
    )
),
expected as (
    select
        c.*,
        -- Of a block others asked for; it may not have ended yet.
        if(may_fire, pattern.share, null) as pattern_share,
        greatest(base, pattern_share) as p,
        -- What the past is worth: as many records as it had, fewer when shares vary, and little
        -- when it had few hours to vary in.
        case
            when pattern_share >= base then pattern.n
            when base > days_share then base_n
            else days_n
        end as past_n,
        1 / (
            coalesce(if(d.unit > 0, greatest(d.excess, 0) / d.unit, 0), 0)
            + 1 / (past_n + prior)
            + p / greatest(coalesce(hours, 1), 1)^2
        ) as worth
    from candidates c
    left join patterns using (id, block, scale)
    left join dispersions d using (id, hour, scale)
),
scored as (
    select
        *,
        greatest(share_score(e, n, p, worth) - if(age < 1440, 1, 0), 0) as score_alone,
        age >= 1440 and score_alone >= 3 as suspect
    from expected
),
-- What is unusual so far is compared with the same minutes (10 more or less), of other days.
suspects as (
    select id, block, scale, unnest([-13, -12, -11, -1, 0, 1, 11, 12, 13]) as shift
    from (select distinct id, block, scale from scored where suspect)
),
precedents as (
    select id, block, scale, max(greatest(second_day, week)) as precedent
    from (
        select
            id,
            block,
            scale,
            shift,
            max(share, 2) filter (where back < 2016)[2] as second_day,
            max(share) filter (where back = 2016 and e >= 5) as week
        from (
            select
                p.*,
                of_scale(scale, e5, e15, e60) as e,
                e / of_scale(scale, n5, n15, n60) as share
            from (select *, unnest([288, 576, 864, 1152, 2016]) as back from suspects) p
            join sums s on s.id = p.id and s.block = p.block + shift - back
        )
        group by all
    )
    group by id, block, scale
),
informed as (
    select
        s.*,
        if(suspect and e < 2 * n * precedent, 0, score_alone) as score,
        $threshold::double * sqrt(p * (1 - p) * (1 / n + 1 / worth)) as margin
    from scored s
    left join precedents using (id, block, scale)
)
select
    id,
    minute,
    records,
    errors,
    e / n as observed,
    p as expected,
    greatest(p - margin, 0) as low,
    least(p + margin, 1) as high,
    score,
    'high' as direction,
    format(
        '{:d} of {:d} records in {:d} minutes are errors ({:.3g} %), {:.3g} % expected '
            || '({:.1f} standard deviations{})',
        e, n, scale, 100 * e / n, 100 * p, score,
        if(age < 1440, '; learning: the series is less than a day old', '')
    ) as reason
from informed
where score >= least($threshold::double, flagged_from()) or $every::boolean
-- Of the scales that fire, the most unusual.
qualify row_number() over (partition by id, minute order by score desc, scale) = 1;

-- What is unusual at the first look leaves later baselines at a second (src/detect/script.rs).
create or replace temporary table flags as
select id, minute, records, errors from unusual where score >= flagged_from();

-- The blocks whose 2 hours before have some of them, and what they take away of them.
create or replace temporary table shadows as
select
    id,
    block,
    sum(records) * least(1, 60 / count(*)) as records_out,
    sum(errors) * least(1, 60 / count(*)) as errors_out
from (select id, records, errors, minute // 5 + unnest(range(4, 28)) as block from flags)
group by id, block;

create or replace temporary table settled as
from unusual
where (id, minute // 5) not in (select id, block from shadows);

delete from unusual;

create or replace temporary table candidates as
select *
from (
    select
        id, minute, n as records, e as errors, block, hour, age, days_n, days_share, prior,
        unnest(
            share_lengths(
                n5, e5, n15, e15, n60, e60, age,
                n_without,
                greatest(floor_share, (e_without + prior * days_share) / (n_without + prior)),
                -- An hour has the flagged minutes in it.
                earlier_n, earlier_share, $every::boolean, $threshold
            ),
            recursive := true
        )
    from (
        select
            *,
            -- Never less than none: some may have been taken back since.
            greatest(recent_n - records_out, 0) as n_without,
            least(greatest(recent_e - errors_out, 0), n_without) as e_without
        from judged
        join shadows using (id, block)
        where $from::timestamp is null or minute >= minute_number($from::timestamp)
    )
)
where may_fire or ($every::boolean and scale = 5);

select
    series,
    minute_of(minute) as minute,
    observed, expected, low, high, score, direction, reason
from (from unusual union all from settled)
join service_names using (id)
where (score >= $threshold::double or $every::boolean)
  and ($from::timestamp is null or minute >= minute_number($from::timestamp))
order by minute, series

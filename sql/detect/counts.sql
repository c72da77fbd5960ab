-- counts: unusually many or few records, judged over several lengths of time.
--
-- Looks for a spike in the last 1, 2, 5, 15 or 60 minutes and a drop in the last 5, 15 or 30.
--
-- Method: a sum over the last minutes against what is expected of it. Expected is, for a spike, the
-- LARGEST of what could explain it (the recent mean; the same minute of the last 6 hours, of the
-- last 4 days, each as a median; a week ago) and for a drop the SMALLEST, so a nightly job or a
-- weekend is no anomaly. The surprise is the deviance of a negative binomial (macros.sql), whose
-- dispersion alpha is measured for every scale on the series' own past: how far, in the hours of
-- the last 2 days, sums went beyond their expectation, in excess of Poisson noise (moment
-- estimate; Bliss & Fisher, Biometrics 1953). One hour in 16, the wildest, is left out: an incident
-- must not blind the detector for two days. And the score is tempered when the series' own past had
-- greater extremes than the model allows (a heavier tail). What is but one great minute is tempered by
-- the greatest of them, and takes 8 standard deviations instead of 5: such minutes come by chance,
-- incidents last. What was unusual leaves later baselines: minutes that score 5 and more at a first look
-- are left out of the recent mean at a second, at most half of it (but for sums over 60 minutes, which have
-- these minutes in them). A sudden excess over a negative binomial
-- expectation is Farrington's way to watch for epidemics (Noufaily et al., Statistics in Medicine
-- 2013); `make score` measures it.
--
-- What a fire needs besides: half again as many records as expected (a drop: at most 0.6 of
-- them), and 5 more (less); and that it goes on: in the last 5 of 15 or 30 minutes, and 15 of 60, it
-- is at least half as far from what was expected. Otherwise the score is 0. A minute is judged when
-- it has records: their complete absence is the affair of silence.sql. Less than 30 minutes old a
-- series is not judged; until it is a day old only the recent mean and the last hours explain, and 1 is
-- taken off the score.
--
-- Edges: a series is born at its first record that follows another within a day (a stray early
-- line is no birth), and anew after 5 days without. Minutes in which nothing arrived from any series
-- do not exist for the windows, when that is unusual (own downtime). What is still unusual is nothing
-- when the days or the week before saw as much an hour earlier or later (daylight saving time).
--
-- Exact: sums over windows are sums of whole numbers, the rest is minimum, maximum and median; so
-- a run over a part of the time gives the bits of the run over the whole. Reads 8 days before $from.
--
-- Parameters: from and to (judged are from <= minute < to; null: all), threshold (standard
-- deviations; at 5.0 some 3 false alarms a day were measured over 1000 calm series a week old;
-- series whose counts have heavy tails give more), every (return all minutes judged).
-- Columns: series, minute, observed, expected, low, high (records per minute, mean over the length of
-- time that is the most unusual), score, direction, reason.
create or replace temporary table names as
select series, row_number() over (order by series)::integer as id
from (select distinct series from series_counts);

create or replace temporary table counts as
select id, minute_number(minute) as minute, n as x
from series_counts
join names using (series)
where n > 0
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp) - interval 8 day)
  and ($to::timestamp is null or minute < $to::timestamp);

-- Minutes with a record of anything, and for how long there had been none.
create or replace temporary table arrivals as
select minute, first_id, last_id, coalesce(minute - lag(minute) over (order by minute), 1) as pause
from (select minute, min(id) as first_id, max(id) as last_id from counts group by minute);

-- Own downtime: no series had a record for more than twice as long as 99 % of the pauses of the
-- day before it. Of a single series this cannot be told from its silence.
create or replace temporary table patience as
select
    minute,
    first_id,
    last_id,
    pause,
    if(
        count(*) over day >= 60 and min(first_id) over day < max(last_id) over day,
        2 * quantile_disc(pause, 0.99) over day,
        2147483647
    )::integer as patience
from arrivals
window day as (order by minute range between 1440 preceding and current row);

create or replace temporary table downtimes as
select unnest(range(minute + 1, next_minute))::integer as minute
from (select minute, patience, lead(minute) over (order by minute) as next_minute from patience)
where next_minute - minute > patience;

-- Minutes without those of downtime, counted: windows go by this count.
create or replace temporary table clocks as
select minute, row_number() over (order by minute)::integer as clock
from (
    select unnest(range(first_minute, last_minute + 1))::integer as minute
    from (select min(minute) as first_minute, max(minute) as last_minute from arrivals)
)
anti join downtimes using (minute);

-- From here on, of all series. Very many are judged some at a time (src/detect/pieces.rs). What is sorted
-- is sorted again sooner.
create or replace temporary table chosen as
from counts
order by id, minute;

-- Every minute between the first and the last record of a series, and some before and after: of
-- series whose lengths are multiples of 16, DuckDB computes windows in half the time. A table, since
-- what reads a table uses all cores.
create or replace temporary table grid as
select id, minute
from (
    select
        id,
        unnest(range(min(minute) // 16 * 16, (max(minute) // 16 + 1) * 16))::integer as minute
    from chosen
    group by id
)
anti join downtimes using (minute);

create or replace temporary table sums as
with filled as (
    select
        id,
        minute,
        coalesce(x, 0) as x,
        sum(coalesce(x, 0)) over (
            partition by id order by minute rows unbounded preceding
        )::bigint as total
    from grid
    left join chosen using (id, minute)
)
-- Sums over the last minutes are differences of the running total, as are their neighbours: a
-- pattern may come a minute early or late. The recent past ends 6 minutes ago: a spike must not
-- raise its own baseline. One column: of each, DuckDB counts the distinct values, which takes longer
-- than all the rest of writing it.
select
    id,
    minute,
    x,
    {
        x2: total - before2,
        x5: total - before5,
        x15: total - before15,
        x30: total - before30,
        x60: total - before60,
        recent: before6 - before126,
        x_before: before1 - before2,
        x_after: after1 - total,
        x5_before: before1 - before6,
        x5_after: after1 - before4
    } as summed
from (
    select
        id,
        minute,
        x,
        total,
        lag(total, 1, 0) over past as before1,
        lag(total, 2, 0) over past as before2,
        lag(total, 4, 0) over past as before4,
        lag(total, 5, 0) over past as before5,
        lag(total, 6, 0) over past as before6,
        lag(total, 15, 0) over past as before15,
        lag(total, 30, 0) over past as before30,
        lag(total, 60, 0) over past as before60,
        lag(total, 126, 0) over past as before126,
        coalesce(lead(total) over past, total) as after1
    from filled
    window past as (partition by id order by minute)
);

-- When a series was born, as seen from an hour: 5 days back at most. Its first record of the hour that
-- follows another within a day is the first or, in the same hour, the second.
create or replace temporary table births as
select
    id,
    hour,
    min(first_minute) over (
        partition by id order by hour range between 120 preceding and current row
    ) as born
from (select distinct id, minute // 60 as hour from sums)
left join (
    select
        id,
        hour,
        if(
            first_two[1] - lag(last_minute) over (partition by id order by hour) <= 1440,
            first_two[1],
            first_two[2]
        ) as first_minute
    from (
        select
            id,
            minute // 60 as hour,
            min(minute, 2) as first_two,
            max(minute) as last_minute
        from chosen
        group by id, hour
    )
) using (id, hour)
-- Dispersions follow from the 49 hours before, and flags from those of 3 hours ago.
qualify $from::timestamp is null or hour >= minute_number($from::timestamp) // 60 - 52;

-- A series and minute with what is expected of it at once: the mean of the 2 hours before. One column,
-- as above.
create or replace temporary table judged as
select j
from (
    select
        id,
        minute,
        hour,
        born,
        minute - born as age,
        x, x2, x5, x15, x30, x60,
        least(age - 5, 120) as minutes,
        (recent + 0.5::double) / (minutes + 1) as mean
    from (select id, minute, minute // 60 as hour, x, unnest(summed) from sums)
    join births using (id, hour)
    where minute - born >= 30
) j;

-- What might fire: it must be far enough from the recent mean at least.
create or replace temporary table candidates as
select
    *,
    false as again,
    records > 0
        and ($from::timestamp is null or minute >= minute_number($from::timestamp) - 140)
        and (
            $every::boolean
            -- However little its series varies, and without a pattern that explains it.
            or count_score(x, recent, least_dispersion(minutes), side) >= least_score($threshold)
        ) as may_fire
from (
    select
        id, minute, hour, born, age, minutes, x as records,
        unnest(lengths(x, x2, x5, x15, x30, x60, age, mean, mean), recursive := true)
    from (select unnest(j) from judged)
    where rises(x, mean)
       or rises(x2, 2 * mean)
       or rises(x5, 5 * mean)
       or rises(x15, 15 * mean)
       or (age >= 60 and rises(x60, 60 * mean))
       or falls(x5, 5 * mean)
       or falls(x15, 15 * mean)
       or falls(x30, 30 * mean)
       or ($every::boolean and x > 0)
)
-- What does not pass has a score of 0; to show that, one length of time is enough.
where screened or ($every::boolean and scale = 1 and side = 1);

-- From here on twice, if there are flags (below).
--
-- The hours in which something may fire, and those before that its dispersion follows from.
create or replace temporary table needed as
select distinct id, scale, side, hour - unnest(range(50))::integer as hour
from (select distinct id, scale, side, hour from candidates where may_fire);

create or replace temporary table asked as
from candidates
where may_fire
   or ((scale < 5 or minute % 5 = 0) and (id, scale, side, hour) in (from needed));

-- Only of these it is asked what the same minute of the last 6 hours and 4 days was like. One column,
-- as above.
create or replace temporary table lookups as
select
    {id: id, minute: minute, scale: scale, side: side, again: again, past_minute: past_minute} as l
from (
    select *, minute - 60 * unnest(range(1, 7))::integer as past_minute
    from asked
    where screened and age >= 90
    union all
    select *, minute - 1440 * unnest(range(1, 5))::integer
    from asked
    where screened and age >= 1440
)
where past_minute >= born;

create or replace temporary table expected as
with patterns as (
    select
        id, minute, scale, side, again,
        median_of(max(past, 4) filter (where today), count(*) filter (where today))
            as hours_median,
        median_of(max(past, 3) filter (where not today), count(*) filter (where not today))
            as days_median
    from (
        select
            l.id, l.minute, l.scale, l.side, l.again,
            l.past_minute > l.minute - 1440 as today,
            sum_of(l.scale, l.side, x, summed) as past
        from lookups
        join sums s on s.id = l.id and s.minute = l.past_minute
    )
    group by id, minute, scale, side, again
)
select
    c.*,
    if(
        side = 1,
        greatest(recent, hours_median, days_median),
        -- Half a record more: a pattern of none is no certainty.
        least(recent, hours_median + 0.5, days_median + 0.5)
    ) as u
from asked c
left join patterns using (id, minute, scale, side, again);

-- What may still fire, now that patterns explain some.
create or replace temporary table possible as
select *
from expected
where may_fire
  and ($every::boolean
      or count_score(x, u, least_dispersion(minutes), side) >= least_score($threshold));

create or replace temporary table wanted as
select distinct id, hour, scale, side from possible;

-- And those before that their dispersions follow from.
create or replace temporary table measured as
select distinct id, scale, side, unnest(range(hour - 49, hour - 1))::integer as hour
from wanted;

-- What the hours add to the dispersion of each scale and side.
create or replace temporary table hourly as
with plain as (
    select unnest(j)
    from judged
    where (j.id, j.hour) in (select id, hour from measured)
),
-- Long sums change slowly: one in 5 minutes will do.
fifths as (
    select unnest(j)
    from judged
    where j.minute % 5 = 0 and (j.id, j.hour) in (select id, hour from measured where scale >= 5)
),
-- Sums that were not asked for their patterns stand against the recent mean.
beyond as (
    select id, hour, 1 as scale, 1 as side, x, mean as u
    from plain
    where x > mean and not rises(x, mean)
    union all
    select id, hour, 2, 1, x2, 2 * mean
    from plain
    where x2 > 2 * mean and not rises(x2, 2 * mean)
    union all
    select id, hour, scale, side, x, u
    from (
        select id, hour, unnest([
            {scale: 5, side: 1, x: x5, u: 5 * mean, screened: rises(x5, 5 * mean)},
            {scale: 15, side: 1, x: x15, u: 15 * mean, screened: rises(x15, 15 * mean)},
            {scale: 60, side: 1, x: x60, u: 60 * mean, screened: age >= 60 and rises(x60, 60 * mean)},
            {scale: 5, side: -1, x: x5, u: 5 * mean, screened: falls(x5, 5 * mean)},
            {scale: 15, side: -1, x: x15, u: 15 * mean, screened: falls(x15, 15 * mean)},
            {scale: 30, side: -1, x: x30, u: 30 * mean, screened: falls(x30, 30 * mean)}
        ], recursive := true)
        from fifths
    )
    where (x - u) * side > 0 and not screened
    union all
    select id, hour, scale, side, x, u
    from expected
    where (x - u) * side > 0 and screened and not again and (scale < 5 or minute % 5 = 0)
)
select id, hour, scale, side, sum(excess) as excess, sum(unit) as unit, max(ratio) as ratio
from (
    select
        id, hour, scale, side,
        excess(x, u) as excess,
        excess_unit(u) as unit,
        excess_ratio(x, u) as ratio
    from beyond
    union all
    -- Hours in which nothing was beyond count, too.
    select id, hour, unnest([1, 2]), 1, 0, 0, 0
    from (select distinct id, hour from plain)
    union all
    select id, hour, unnest([5, 15, 60, 5, 15, 30]), unnest([1, 1, 1, -1, -1, -1]), 0, 0, 0
    from (select distinct id, hour from fifths)
)
group by id, hour, scale, side;

-- The 48 hours that ended an hour ago or more. One column, as above; a table, since what reads a table
-- uses all cores.
create or replace temporary table past_hours as
select {
    id: id, hour: hour, scale: scale, side: side,
    past_hour: unnest(range(hour - 49, hour - 1))::integer
} as w
from wanted;

-- Those without the wildest: their sums of whole numbers, and
-- the largest of their extremes, also without the wildest hours (the third of 48; the first of less
-- than 32).
create or replace temporary table dispersions as
select
    id, hour, scale, side,
    excess - coalesce(
        list_sum(list_transform(wildest[:hours // 16], lambda h: greatest(h.excess, 0))), 0
    ) as excess,
    unit - coalesce(list_sum(list_transform(wildest[:hours // 16], lambda h: h.unit)), 0) as unit,
    extremes[1] as greatest_extreme,
    extremes[greatest(hours // 16, 1)] as extreme,
    hours
from (
    select
        w.id, w.hour, w.scale, w.side,
        count(*) as hours,
        max(ratio, 3) as extremes,
        sum(excess) as excess,
        sum(unit) as unit,
        max({excess: excess, unit: unit}, 3) as wildest
    from past_hours
    join hourly h
        on h.id = w.id and h.scale = w.scale and h.side = w.side and h.hour = w.past_hour
    group by w.id, w.hour, w.scale, w.side
);

create or replace temporary table dispersed as
select
    e.*,
    dispersion(d.excess, d.unit, hours, minutes) as alpha,
    coalesce(extreme, 0) as extreme,
    coalesce(greatest_extreme, 0) as greatest_extreme
from possible e
left join dispersions d using (id, hour, scale, side);

-- What is unusual so far is compared with last week too (one sample, so the mean of the quarter of
-- an hour around it), and it is nothing when last week, or two of the last 4 days, saw as much at
-- this minute, an hour earlier or an hour later (daylight saving time).
create or replace temporary table suspects as
select id, minute, scale, side, born, unnest([-60, 0, 60]) as shift
from dispersed
where age >= 1440 and count_score(x, u, alpha, side) >= 3;

create or replace temporary table past_suspects as
select *, minute + shift - 1440 * unnest([1, 2, 3, 4, 7]) as past_minute from suspects;

create or replace temporary table unusual as
with -- Is a spike more than one minute? Of what is unusual so far, the sum without its largest minute and
-- what was expected of that (of a single minute: of it and the one before).
single_minutes as (
    select q.id, q.minute, scale, sum(s.x) - max(s.x) as others
    from (
        select id, minute, scale, minute - unnest(range(greatest(scale, 2))) as past_minute
        from dispersed
        where side = 1 and count_score(x, u, alpha, side) >= 3
    ) q
    join sums s on s.id = q.id and s.minute = past_minute
    group by q.id, q.minute, scale
),
precedents as (
    select
        id, minute, scale, side,
        max(if(side = 1, list_sort(days)[-2], null)) as days_high,
        min(if(side = -1, list_sort(days)[2], null)) as days_low,
        max(week) as week_high,
        min(week) as week_low
    from (
        select
            p.id, p.minute, scale, side, shift,
            list(sum_of(scale, side, x, summed))
                filter (where past_minute > p.minute - 10000 and past_minute >= born) as days,
            max(nullif(sum_of(scale, side, x, summed), 0))
                filter (where past_minute < p.minute - 10000) as week
        from past_suspects p
        join sums s on s.id = p.id and s.minute = past_minute
        group by p.id, p.minute, scale, side, shift
    )
    group by id, minute, scale, side
),
weeks as (
    select q.id, q.minute, scale, side, scale * summed.x15 / 15 as week
    from suspects q
    join sums s on s.id = q.id and s.minute = q.minute - 10080 + 7
    where shift = 0 and summed.x15 > 0
),
informed as (
    select
        d.* exclude (u),
        if(side = 1, greatest(u, week), least(u, week + 0.5)) as u,
        greatest(days_high, week_high) as precedent_high,
        least(days_low, week_low) as precedent_low,
        -- A steady rise is as far above what was expected without its largest minute as with it, a
        -- single minute not at all; 0.4 leaves room for the noise of the other minutes.
        coalesce(
            others >= (1 + 0.4 * (x / d.u - 1)) * d.u / scale * (greatest(scale, 2) - 1), true
        ) as corroborated
    from dispersed d
    left join single_minutes using (id, minute, scale)
    left join precedents using (id, minute, scale, side)
    left join weeks using (id, minute, scale, side)
),
-- The score is tempered by the series' own extremes; where the past had more than the model allows,
-- its tail is heavier than the model's. In the third of 48 hours a negative binomial has a z of 3.1
-- (single minutes, of which there are 2880) to 1.5 (whole hours); overlapping sums have some more,
-- and so has chance: allowed are 3.5 to 2.5. What is but one great minute is held against the
-- greatest extreme of the past: it is an incident only when nothing like it was there in two days.
scored as (
    select
        *,
        if(side = -1 or corroborated, extreme, greatest_extreme) as own_extreme,
        count_z(
            greatest(u + side * sqrt(own_extreme * u * greatest(u, 1)), 0), u, alpha, side
        ) as extreme_z,
        3.5 - 0.25 * ln(scale) as usual_z,
        if(side = -1 or corroborated, usual_z, least(usual_z, 3)) as allowed_z,
        case
            -- The end of an incident is no incident, though it is long in the sums.
            when side * (lately - u) < 0.5 * side * (x - u) then 0
            when side = 1 and (x < 1.5 * precedent_high or x - precedent_high < 5) then 0
            when side = -1 and (x > 0.6 * precedent_low or precedent_low - x < 5) then 0
            else greatest(
                count_score(x, u, alpha, side)
                    * least(1, allowed_z / greatest(extreme_z, 1))
                    * if(side = -1 or corroborated, 1, 0.625)
                    - if(age < 1440, 1, 0),
                0
            )
        end as score
    from informed
)
select
    id,
    minute,
    records,
    x / scale as observed,
    u / scale as expected,
    greatest(u - $threshold::double * sqrt(u + alpha * u * greatest(u, 1)), 0) / scale as low,
    (u + $threshold::double * sqrt(u + alpha * u * greatest(u, 1))) / scale as high,
    score,
    if(side = 1, 'high', 'low') as direction,
    format(
        '{:d} records in {}, {:.1f} expected ({:.1f} standard deviations{})',
        x,
        if(scale = 1, 'this minute', format('{:d} minutes', scale)),
        u,
        score,
        if(age < 1440, '; learning: the series is less than a day old', '')
    ) as reason
from scored
where score >= least($threshold::double, flagged_from()) or $every::boolean
-- Of the scales that fire, the most unusual.
qualify row_number() over (partition by id, minute order by score desc, side desc, scale) = 1;

-- What is unusual at the first look leaves later baselines at a second (src/detect/script.rs).
create or replace temporary table flags as
select id, minute, records from unusual where score >= flagged_from();

-- The minutes whose recent past has some of them, and what they take away of it. Windows go by the
-- clock; how far back they go is bounded.
create or replace temporary table shadows as
select id, minute, sum(records)::bigint as records_out, count(*)::integer as minutes_out
from (
    select id, clock as flagged_clock, records, unnest(range(minute + 6, minute + 126))::integer as minute
    from flags
    join clocks using (minute)
)
join clocks using (minute)
where clock >= flagged_clock + 6
  and ($from::timestamp is null or minute >= minute_number($from::timestamp))
group by id, minute;

create or replace temporary table settled as
from unusual
anti join shadows using (id, minute);

delete from unusual;

-- Dispersions are those of the first look.
create or replace temporary table candidates as
select * replace (false as may_fire)
from candidates
where id in (select id from shadows)
union all by name
select
    *,
    true as again,
    records > 0 and (
        $every::boolean
        or count_score(x, recent, least_dispersion(minutes), side) >= least_score($threshold)
    ) as may_fire
from (
    select
        id, minute, hour, born, age, minutes, x as records,
        -- An hour has the flagged minutes in it.
        unnest(lengths(x, x2, x5, x15, x30, x60, age, mean_without, mean), recursive := true)
    from (
        select
            *,
            least(minutes_out, minutes / 2) as out,
            -- Never less than without records: some may have been taken back since.
            greatest(mean * (minutes + 1) - records_out * out / minutes_out, 0.5)
                / (minutes + 1 - out) as mean_without
        from (
            select unnest(j), records_out, minutes_out
            from judged
            join shadows s on s.id = j.id and s.minute = j.minute
        )
    )
)
where may_fire and (screened or ($every::boolean and scale = 1 and side = 1));

select
    series,
    minute_of(minute) as minute,
    observed, expected, low, high, score, direction, reason
from (from unusual union all from settled)
join names using (id)
where (score >= $threshold::double or $every::boolean)
  and ($from::timestamp is null or minute >= minute_number($from::timestamp))
order by minute, series

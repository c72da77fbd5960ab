-- shift: the level of a series has changed and stays changed: a deploy doubles the volume of a log, a
-- job does half its work.
--
-- Looks at closed hours (UTC): the level is the median of the last 4 hours. A shift is said once, at
-- the last minute of the hour at which it is certain, 3 to 5 hours after it.
--
-- Method: the change, which is the level over the median of the hours before it (of 6, and of 24,
-- which a short episode does not move), against the same change at this hour on the last 3 days
-- (median) and a week ago; so a morning, a nightly job or a weekend is no shift. Expected is the
-- nearest of the three. A change compares the level with the hours just before only, so the baseline
-- follows by itself: some hours after a shift the new level is the usual one, and the way back is a
-- shift again. The surprise is the deviance of a negative binomial (macros.sql); the median of 4
-- hours counts as the sum of 3. Its dispersion is measured on the series' own past: how far levels
-- were from their expectation in the last 3 days, as quantiles (an earlier shift spoils 7 hours, a
-- tenth of them), in excess of the noise of counting. That seasonality is taken out by medians before
-- the rest is judged by order statistics is the idea of Vallis et al., HotCloud 2014.
--
-- What a fire needs besides, otherwise the score is 0: 1.5 times the expected level (a drop: 0.6 of
-- it); every one of the 4 hours at least 0.7 of the way there; a quarter more (less) than the change
-- that any day of the week before had at this hour, an hour earlier or later, would explain
-- (holidays, daylight saving time); a record in the last hour (complete absence is the affair of
-- silence.sql); and 20 records an hour, expected as well as before. The first weekend cannot be
-- known: until there is a week to compare with, only 3 times (a third) is a shift, and only beyond
-- the hours of the last day. Less than a day old a series is not judged. The same direction is said
-- once in 12 hours.
--
-- Hours in which nothing arrived from any series (own downtime) are missing, not 0. Of a single
-- series this cannot be told from its silence.
--
-- Exact: sums of whole numbers, medians, quantiles, minimum and maximum; so a run over a part of the
-- time gives the bits of the run over the whole. Reads 8 days before $from (189 hours are needed).
--
-- Parameters: from and to (judged are from <= minute < to; null: all, up to the newest record; an
-- hour is closed when it ends at or before that), threshold (standard deviations), every (return all
-- hours judged).
-- Columns: series, minute (the last of the hour), observed (the level), expected, low, high (records
-- per minute), score, direction, reason.
create or replace temporary table names as
select series, row_number() over (order by series)::integer as id
from (select distinct series from series_counts);

create or replace temporary table hourly as
select
    id,
    minute_number(minute) // 60 as hour,
    sum(n)::bigint as x,
    max(minute_number(minute)) as last_minute
from series_counts
join names using (series)
where n > 0
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp) - interval 8 day)
  and ($to::timestamp is null or minute < $to::timestamp)
  -- Most minutes end no hour: then there is nothing to read.
  and coalesce(
      minute_number($from::timestamp) // 60 < end_of($to::timestamp) // 60, true
  )
group by id, hour;

-- Hours with a record of anything.
create or replace temporary table hours as
select hour, max(last_minute) as last_minute from hourly group by hour;

-- Every closed hour from the first of all series to the last of this one.
with grid as (
    select id, unnest(range(first_hour, least(last_hour + 1, end_hour)))::integer as hour
    from (select id, max(hour) as last_hour from hourly group by id)
    cross join (
        select
            min(hour) as first_hour,
            coalesce(end_of($to::timestamp), max(last_minute) + 1) // 60 as end_hour
        from hours
    )
),
filled as (
    select id, hour, if(h.hour is null, null, coalesce(x, 0)) as x
    from grid
    left join hourly using (id, hour)
    left join hours h using (hour)
),
-- The last 4 hours and the 6 before them. Of 4 numbers the median is what is left without the least
-- and the greatest.
recent as materialized (
    select
        id,
        hour,
        x,
        x + lag(x, 1) over past + lag(x, 2) over past + lag(x, 3) over past as four,
        least(x, lag(x, 1) over past, lag(x, 2) over past, lag(x, 3) over past) as least_hour,
        greatest(x, lag(x, 1) over past, lag(x, 2) over past, lag(x, 3) over past) as greatest_hour,
        (four - least_hour - greatest_hour) / 2 as level,
        [
            lag(x, 4) over past, lag(x, 5) over past, lag(x, 6) over past,
            lag(x, 7) over past, lag(x, 8) over past, lag(x, 9) over past
        ] as six_before,
        if(list_count(six_before) >= 4, list_median(six_before), null) as six,
        -- Half a record more: a level of none is a change that can be compared, too.
        if(six >= 10, (level + 0.5) / six, null) as six_change
    from filled
    window past as (partition by id order by hour)
),
-- The same hour of the last 3 days. A grid without gaps: 24 rows are a day.
usual as (
    select
        * exclude (four, six_before),
        coalesce(list_median([
            lag(six_change, 24) over past, lag(six_change, 48) over past, lag(six_change, 72) over past
        ]), 1) as six_factor
    from recent
    window past as (partition by id order by hour)
),
-- A cheap look at the hours that are judged: the rest is only for series that might fire.
looked_at as (
    select
        *,
        max(
            ($from::timestamp is null or 60 * hour + 59 >= minute_number($from::timestamp))
            and ($every::boolean or level >= 1.5 * six * six_factor or level <= 0.6 * six * six_factor)
        ) over (partition by id) as wanted
    from usual
),
changes as (
    select
        * exclude (wanted),
        median(x) over day as day,
        count(x) over day as day_hours,
        -- The second of each, as one hour may be odd.
        max(x, 2) over day as day_tops,
        min(x, 2) over day as day_bottoms,
        max(x) over (
            partition by id order by hour rows between 39 preceding and 27 preceding
        ) > 0 as day_old,
        if(day_hours >= 18 and day >= 10, (level + 0.5) / day, null) as day_change,
        (least_hour + 0.5) / (level + 0.5) as least_part,
        (greatest_hour + 0.5) / (level + 0.5) as greatest_part
    from looked_at
    where wanted
    window day as (partition by id order by hour rows between 27 preceding and 4 preceding)
),
-- An hour earlier or later. What follows is looked up in earlier days only, where it is past.
neighbours as (
    select
        *,
        max(six_change) over around as most_change,
        min(six_change) over around as least_change
    from changes
    window around as (partition by id order by hour rows between 1 preceding and 1 following)
),
-- The same hour of the days and the week before.
patterns as (
    select
        *,
        coalesce(list_median([
            lag(day_change, 24) over past, lag(day_change, 48) over past, lag(day_change, 72) over past
        ]), 1) as day_factor,
        list_median([
            lag(least_part, 24) over past, lag(least_part, 48) over past, lag(least_part, 72) over past
        ]) as least_usual,
        list_median([
            lag(greatest_part, 24) over past, lag(greatest_part, 48) over past,
            lag(greatest_part, 72) over past
        ]) as greatest_usual,
        greatest(
            lag(most_change, 24) over past, lag(most_change, 48) over past,
            lag(most_change, 72) over past, lag(most_change, 96) over past,
            lag(most_change, 120) over past, lag(most_change, 144) over past,
            lag(most_change, 168) over past
        ) as week_most,
        least(
            lag(least_change, 24) over past, lag(least_change, 48) over past,
            lag(least_change, 72) over past, lag(least_change, 96) over past,
            lag(least_change, 120) over past, lag(least_change, 144) over past,
            lag(least_change, 168) over past
        ) as week_least,
        lag(six_change, 168) over past as week_change,
        nullif(lag(level, 168) over past, 0) as week_level
    from neighbours
    window past as (partition by id order by hour)
),
expected as (
    select
        *,
        week_change is null as learning,
        greatest(six * six_factor, day * day_factor, six * week_change) as most,
        least(six * six_factor, day * day_factor, six * week_change) as fewest,
        -- The nearest of what explains the level.
        greatest(least(level, most), fewest) as u,
        if(level > u, 1, -1) as side,
        greatest(
            six * week_most, if(learning, greatest(day_tops[-1], week_level), null)
        ) as precedent_high,
        least(
            six * week_least, if(learning, least(day_bottoms[-1], week_level), null)
        ) as precedent_low,
        least(abs(ln(six_change / six_factor)), abs(ln(day_change / day_factor))) as error
    from patterns
),
errors as (
    select
        *,
        count(error) over past as error_hours,
        quantile_disc(error, 0.75) over past as error_75,
        quantile_disc(error, 0.85) over past as error_85
    from expected
    window past as (partition by id order by hour rows between 75 preceding and 4 preceding)
),
dispersed as materialized (
    select
        *,
        -- 3/4 of normal errors are within 1.15 standard deviations and 85 % within 1.44; taken as
        -- within 2, since a past shift may be among them. Counting alone makes a level differ from
        -- its expectation by 0.8/u (variance, relative), of which at least 0.3/u are the
        -- expectation's. And nothing is expected better than to 3 %.
        greatest(greatest(error_75 / 1.15, error_85 / 2)^2 - 0.8 / greatest(u, 1), 0)
            + 0.3 / greatest(u, 1) + 0.03^2 as alpha,
        if(learning, 3, 1.5) as factor_high,
        if(learning, 1 / 3, 0.6) as factor_low
    from errors
    -- Half a day of errors is the least to know them by.
    where level is not null and six is not null and x > 0 and day_old and day_hours >= 18 and error_hours >= 12
),
scored as (
    select
        *,
        case
            when least(six, day, u) < 20 then 0
            when side = 1
                and level >= factor_high * u
                and coalesce(level >= 1.25 * precedent_high, true)
                and least_hour / least(least_usual, 1) - u >= 0.7 * (level - u)
                then count_high_z(3 * level, 3 * u, alpha)
            when side = -1
                and level <= factor_low * u
                and coalesce(1.25 * level <= precedent_low, true)
                and u - greatest_hour / greatest(greatest_usual, 1) >= 0.7 * (u - level)
                then count_low_z(3 * level, 3 * u, alpha)
            else 0
        end as surprise
    from dispersed
),
-- A shift is seen for some hours, until the baseline has followed: it is said at the first of them.
said as (
    select
        *,
        if(surprise >= $threshold::double, side, null) as shift,
        last_value(shift ignore nulls) over (
            partition by id order by hour range between 11 preceding and 1 preceding
        ) as said_before,
        if(shift = said_before, 0, surprise) as score
    from scored
)
select
    series,
    minute_of(60 * hour + 59) as minute,
    level / 60 as observed,
    u / 60 as expected,
    greatest(
        least(factor_low * fewest, fewest - $threshold::double * sqrt(fewest / 3 + alpha * fewest^2)),
        0
    ) / 60 as low,
    greatest(
        factor_high * most, most + $threshold::double * sqrt(most / 3 + alpha * most^2)
    ) / 60 as high,
    score,
    if(side = 1, 'high', 'low') as direction,
    if(
        score >= $threshold::double,
        format(
            'since {}:00 UTC about {} records a minute where {} were usual ({:.2f} times, {:.1f} '
                || 'standard deviations); from now on this is the usual level',
            strftime(minute_of(60 * (hour - 3)), '%H'),
            if(level >= 600, format('{:.0f}', level / 60), format('{:.1f}', level / 60)),
            if(u >= 600, format('{:.0f}', u / 60), format('{:.1f}', u / 60)),
            level / u,
            score
        ),
        format('about {:.1f} records a minute in the last 4 hours, no new shift', level / 60)
    ) as reason
from said
join names using (id)
where (score >= $threshold::double or $every::boolean)
  and ($from::timestamp is null or 60 * hour + 59 >= minute_number($from::timestamp))
order by minute, series

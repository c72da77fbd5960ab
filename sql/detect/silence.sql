-- silence: a series that had records all the time has none any more.
--
-- Method: pauses between minutes with records follow a gamma distribution, whose mean and shape
-- are measured on the pauses that ended in the 48 hours before the last record (moment estimate; a
-- heartbeat has a large shape, errors at random 1, bursts less). The mean is the LARGEST of these 2
-- days, of the last 3 hours and of this time of yesterday, so a night or a weekend is no silence. The
-- score is the deviance of the pause that goes on now (McCullagh & Nelder, Generalized Linear Models,
-- 1989, 8.3), in standard deviations, with 1/12 square minutes for the length of a minute and 0.3/n
-- for a shape from few pauses.
--
-- Silences leave later baselines: the hours in which a pause of 5 minutes ended that was half again as
-- long as the longest of all other hours are left out, at most 3 of the 48. An outage must not hide the
-- next one for two days.
--
-- What a fire needs besides, otherwise the score is 0: 5 minutes (a restart is no silence), half
-- again as long as the longest of these pauses, 20 of them, a series at least a day old
-- with records in half of the last day's hours (short-lived pods end, they do not fail), and at most
-- 2 hours: then it has ended.
--
-- Own downtime: when no series at all has a record for more than twice as long as 99 % of the
-- day's pauses, there is one alert for all of them, under the series '(no data)', and these
-- minutes belong to nobody's pause. Of a single series this cannot be told from its silence.
--
-- Exact: whole numbers are summed, the rest is minimum and maximum; so a run over a part of the
-- time gives the bits of the run over the whole. Reads 8 days before $from.
--
-- Parameters: from and to (judged are from <= minute < to; null: all, up to the newest record of any
-- series), now (minutes before it are judged), threshold (standard deviations), every (return every
-- minute of a pause that was judged).
-- Columns: series, minute, observed (minutes without a record), expected (the mean pause), low (0),
-- high (the shortest pause that could fire), score, direction, reason.
create or replace temporary table names as
select series, row_number() over (order by series)::integer as id
from (select distinct series from series_counts);

create or replace temporary table counts as
select id, minute_number(minute) as minute
from series_counts
join names using (series)
where n > 0
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp) - interval 8 day)
  and ($to::timestamp is null or minute < $to::timestamp);

create or replace temporary table horizon as
select
    least(
        coalesce(end_of($to::timestamp), max(minute) + 1),
        -- What is not there yet is not silent.
        minute_number($now::timestamp)
    ) as end_minute
from counts;

-- Minutes with a record of anything, and for how long there had been none.
create or replace temporary table arrivals as
select minute, first_id, last_id, coalesce(minute - lag(minute) over (order by minute), 1) as pause
from (select minute, min(id) as first_id, max(id) as last_id from counts group by minute);

-- For how long at most it can go on without a record of anything.
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

create or replace temporary table downs as
select
    minute,
    next_minute,
    patience,
    -- Minutes of downtime before this one.
    coalesce(sum(if(next_minute - minute > patience, next_minute - minute - 1, 0)) over (
        order by minute rows between unbounded preceding and 1 preceding
    ), 0)::bigint as down
from (select minute, patience, lead(minute) over (order by minute) as next_minute from patience);

create or replace temporary table gaps as
select
    id,
    minute,
    minute // 60 as hour,
    down,
    lead(minute) over series as next_minute,
    minute - lag(minute) over series as apart,
    apart - (down - lag(down) over series) as gap
from counts
join downs using (minute)
window series as (partition by id order by minute);

create or replace temporary table hourly_gaps as
select
    id,
    hour,
    count(gap) as n,
    sum(gap) as minutes,
    sum(gap * gap) as squares,
    max(gap) as longest,
    min(minute) filter (where apart <= 1440) as first_minute
from gaps
group by id, hour;

-- The hours before, without those of earlier silences.
create or replace temporary table histories as
with sums as (
    select
        id,
        hour,
        sum(n) over two_days as all_n,
        sum(minutes) over two_days as all_minutes,
        sum(squares) over two_days as all_squares,
        max({longest: longest, n: n, minutes: minutes, squares: squares}, 4)
            filter (where n > 0) over two_days as wildest,
        count(*) over two_days // 16 as most_left_out,
        sum(n) over lately as lately_n,
        sum(minutes) over lately as lately_minutes,
        sum(n) over yesterday as yesterday_n,
        sum(minutes) over yesterday as yesterday_minutes,
        count(*) over (
            partition by id order by hour range between 24 preceding and 1 preceding
        ) as active_hours,
        -- Born at the first record that follows another within a day: a stray line is no birth.
        min(first_minute) over (
            partition by id order by hour range between 120 preceding and current row
        ) as born
    from hourly_gaps
    window
        two_days as (partition by id order by hour range between 48 preceding and 1 preceding),
        lately as (partition by id order by hour range between 3 preceding and 1 preceding),
        -- A silence goes on for 2 hours at most.
        yesterday as (partition by id order by hour range between 24 preceding and 22 preceding)
)
select
    id,
    hour,
    active_hours,
    born,
    silences_among(
        wildest[1].longest, wildest[2].longest, wildest[3].longest, wildest[4].longest, most_left_out
    ) as left_out,
    wildest[left_out + 1].longest as longest,
    all_n - coalesce(list_sum(list_transform(wildest[:left_out], lambda h: h.n)), 0) as n,
    all_minutes - coalesce(list_sum(list_transform(wildest[:left_out], lambda h: h.minutes)), 0) as minutes,
    all_squares - coalesce(list_sum(list_transform(wildest[:left_out], lambda h: h.squares)), 0) as squares,
    minutes::double / n as usual,
    greatest(
        usual,
        -- Of few pauses, with one more that is as usual.
        (coalesce(lately_minutes, 0) + usual) / (coalesce(lately_n, 0) + 1),
        (coalesce(yesterday_minutes, 0) + usual) / (coalesce(yesterday_n, 0) + 1)
    ) as mean
from sums;

create or replace temporary table silences as
select
    g.id,
    g.minute as last_minute,
    g.down,
    greatest(longest, g.gap) as longest,
    left_out,
    mean,
    -- 1 / shape
    greatest(squares::double / n - usual * usual, 0) / (usual * usual)
        + 1 / (12 * mean * mean) + 0.3 / n as spread,
    unnest(range(
        g.minute + if($every::boolean, 1, 5),
        least(coalesce(g.next_minute, 2147483647), end_minute, g.minute + 121)
    ))::integer as minute
from gaps g
join histories h using (id, hour)
cross join horizon
where n >= 20
  and active_hours >= 12
  and g.minute - born >= 1440 - 5
  and ($every::boolean or coalesce(g.next_minute, end_minute) - g.minute > 1.5 * longest)
  and coalesce(g.next_minute, end_minute) - g.minute > if($every::boolean, 1, 5);

with judged as (
    select
        s.*,
        s.minute - s.last_minute - (a.down - s.down) as gap,
        s.minute - a.minute > a.patience as nothing_at_all,
        greatest(gap / mean, 1) as ratio,
        sqrt(2 * (ratio - 1 - ln(ratio)) / spread) as z,
        if(gap >= 5 and gap > 1.5 * longest and not nothing_at_all, z, 0) as score
    from silences s
    asof join downs a on s.minute >= a.minute
),
no_data as (
    select
        unnest(range(
            minute + 5,
            least(coalesce(next_minute, 2147483647), end_minute, minute + 121)
        ))::integer as minute,
        minute as last_minute,
        patience
    from downs
    cross join horizon
    where coalesce(next_minute, end_minute) - minute > greatest(patience, 5)
),
results as (
    select
        series,
        minute,
        gap as observed,
        mean as expected,
        greatest(5, 1.5 * longest) as high,
        score,
        format(
            'no record for {:d} minutes; pauses of {:.1f} are usual and {:d} was the longest of 2 days{}',
            gap, mean, longest, if(left_out > 0, ', earlier silences aside', '')
        ) as reason
    from judged
    join names using (id)
    union all
    select
        '(no data)',
        minute,
        minute - last_minute,
        1,
        patience,
        greatest($threshold::double, 8),
        format('no record of any series for {:d} minutes: nothing arrives', minute - last_minute)
    from no_data
    where minute - last_minute > patience
)
select
    series,
    minute_of(minute) as minute,
    observed::double as observed,
    expected::double as expected,
    0.0::double as low,
    high::double as high,
    score,
    'low' as direction,
    reason
from results
where (score >= $threshold::double or $every::boolean)
  and ($from::timestamp is null or minute >= minute_number($from::timestamp))
order by minute, series

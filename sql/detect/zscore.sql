-- zscore: minutes with unusually many (or few) records of a level, per service.
--
-- Method: the classic z-score over a trailing window, z = (x - avg) / stddev, with what it
-- needs to be usable: minutes without records count as zero, the window holds past minutes
-- only and ends a guard before the minute it judges (an incident must not raise its own
-- baseline), and the standard deviation has a floor of sqrt(avg) (counting noise, Poisson)
-- and of 1 record (a constant series is not infinitely surprised). No verdict with less than
-- 30 minutes of past.
--
-- A service that is silent for a day starts anew after it. A service without a single record
-- of the level is not judged. The newest minute of a log may go on: it is never judged too low.
--
-- Exact: sums of whole numbers; so a run over a part of the time gives the bits of the run over the
-- whole.
--
-- Parameters: level (this and above), service (null: all), window (minutes of past), guard
-- (minutes between past and present), threshold (standard deviations), from and to (minutes
-- judged are from <= minute < to; null: all), now (the minute it lies in is never judged).
-- Columns: series, minute, observed, expected, low, high, score, scale (what the threshold is
-- multiplied with), direction, reason.
with past as (
    from rollups
    where minute < time_bucket(interval 1 minute, $now::timestamp)
      and ($to::timestamp is null or minute < $to::timestamp)
      -- A day more than the window: a life that goes on has a record in it.
      and (
          $from::timestamp is null
          or minute >= time_bucket(interval 1 minute, $from::timestamp)
              - to_minutes($guard::bigint + $window::bigint) - interval 1 day
      )
),
-- As far as there are records of anything: later silence is no silence.
horizon as (
    select max(minute) as last_minute
    from rollups
    where minute < time_bucket(interval 1 minute, $now::timestamp)
),
-- Where a service was silent for a day, a new life of it begins.
hours as (
    select
        coalesce(service, '') as series,
        date_trunc('hour', minute) as hour,
        min(minute) as first_minute,
        max(minute) as last_minute
    from past
    where $service::varchar is null or service = $service::varchar
    group by series, hour
),
lives as (
    select series, life, min(first_minute) as first_minute, max(last_minute) as last_minute
    from (
        select *, sum(born::integer) over (partition by series order by hour) as life
        from (
            select
                *,
                coalesce(
                    first_minute - lag(last_minute) over (partition by series order by hour),
                    interval 2 day
                ) > interval 1 day as born
            from hours
        )
    )
    group by series, life
),
counts as (
    select coalesce(service, '') as series, minute, sum(n)::bigint as x
    from past
    where level >= $level::level
      and ($service::varchar is null or service = $service::varchar)
    group by series, minute
    having sum(n) > 0
),
-- Every minute of a life, and the day of silence after it as far as there is data of anything.
grid as (
    select
        series,
        life,
        unnest(generate_series(
            greatest(
                first_minute,
                time_bucket(interval 1 minute, $from::timestamp)
                    - to_minutes($guard::bigint + $window::bigint)
            ),
            least(
                last_minute + interval 1 day,
                (select last_minute from horizon),
                -- The last minute that begins before `to`.
                time_bucket(interval 1 minute, $to::timestamp - interval 1 microsecond)
            ),
            interval 1 minute
        )) as minute
    from lives
    -- A service without a single record of the level is not judged.
    where series in (select series from counts)
),
filled as (
    select g.series, g.life, g.minute, coalesce(c.x, 0) as x
    from grid g
    left join counts c on c.series = g.series and c.minute = g.minute
),
baselines as (
    select
        *,
        count(*) over history as minutes,
        avg(x) over history as expected,
        -- stddev_samp from exact sums: the same however much of the past is read.
        sqrt(greatest(avg(x * x) over history - expected * expected, 0) * minutes / (minutes - 1))
            as deviation,
        greatest(deviation, sqrt(expected), 1.0) as scale
    from filled
    window history as (
        partition by series, life
        order by minute
        rows between ($guard::bigint + $window::bigint) preceding and ($guard::bigint + 1) preceding
    )
),
scored as (
    select *, (x - expected) / scale as score
    from baselines
    where minutes >= 30
)
select
    series,
    minute,
    x::double as observed,
    expected,
    greatest(expected - $threshold::double * scale, 0) as low,
    expected + $threshold::double * scale as high,
    score,
    scale,
    if(score > 0, 'high', 'low') as direction,
    format(
        '{:d} records at {} or above in this minute, {:.1f} expected ({:.1f} standard deviations)',
        x, $level::varchar, expected, score
    ) as reason
from scored
where abs(score) >= $threshold::double
  and (score > 0 or minute < (select last_minute from horizon))
  and ($from::timestamp is null or minute >= time_bucket(interval 1 minute, $from::timestamp))
  and ($to::timestamp is null or minute < $to::timestamp)
order by minute, series

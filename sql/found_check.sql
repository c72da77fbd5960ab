-- Whether what a detector returned has the columns it must have, with types and values that fit; with
-- what its series are about, and whether somebody said of the same slot that it is to be expected.
-- Such a mark holds for the same time of the day (UTC, give or take an hour: daylight saving), and up to
-- one and a half times what was seen then: a nightly job is expected, ten times of it is not. One of
-- 22 hours or more has no time of the day, with the hours around it is all of it: it holds from its
-- beginning to its end (give or take an hour), or the series would be silenced for ever.
-- What does not reach the threshold is left out: queries of users need not know it.
-- Over the temporary tables `found` and `found_subjects`.
-- Parameters: detector, least (score that counts).
create or replace temporary table found_checked as
with given as (
    select
        f.series::varchar as series,
        f.minute::timestamp as minute,
        f.observed::double as observed,
        f.expected::double as expected,
        f.low::double as low,
        f.high::double as high,
        f.score::double as score,
        f.direction::varchar as direction,
        f.reason::varchar as reason
    from found f
),
-- NaN and infinite are no numbers here.
checked as (
    select
        coalesce(series, error('a row has no series')) as series,
        time_bucket(interval 1 minute, coalesce(
            if(isfinite(minute), minute, null), error('a row has no minute')::timestamp
        )) as minute,
        coalesce(
            if(isfinite(observed), observed, null), error('a row has no value for observed')::double
        ) as observed,
        coalesce(
            if(isfinite(expected), expected, null), error('a row has no value for expected')::double
        ) as expected,
        coalesce(if(isfinite(low), low, null), error('a row has no value for low')::double) as low,
        coalesce(if(isfinite(high), high, null), error('a row has no value for high')::double) as high,
        coalesce(if(isfinite(score), score, null), error('a row has no score')::double) as score,
        if(
            coalesce(direction, error('a row has no direction')) in ('high', 'low'),
            direction,
            error('a row has a direction other than high and low')
        ) as direction,
        coalesce(reason, error('a row has no reason')) as reason
    from given
),
slots as (
    select
        id,
        series,
        direction,
        observed,
        first_minute,
        last_minute,
        -- To the last minute, which is one less than there are.
        date_diff('minute', first_minute, last_minute) as length
    from marks
    where verdict = 'expected' and detector = $detector::varchar
)
select
    c.*,
    s.service,
    s.level,
    s.min_level,
    s.field,
    (
        select min(m.id)
        from slots m
        where m.series = c.series
          and m.direction = c.direction
          and if(
              m.length + 1 < 22 * 60,
              -- Minutes since an hour before the slot began, on whichever day.
              ((date_diff('minute', m.first_minute, c.minute) + 60) % 1440 + 1440) % 1440
                  <= m.length + 120,
              c.minute between m.first_minute - interval 1 hour and m.last_minute + interval 1 hour
          )
          and if(
              c.direction = 'high',
              c.observed <= 1.5 * m.observed,
              c.observed >= m.observed / 1.5
          )
    ) as expected_by
from checked c
left join found_subjects s using (series)
where abs(c.score) >= $least::double

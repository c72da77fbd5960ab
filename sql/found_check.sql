-- Whether what a detector returned has the columns it must have, with types and values that fit; with
-- what its series are about, and whether somebody said of the same slot that it is to be expected.
-- Such a mark holds for the same time of the day (UTC, give or take an hour: daylight saving), and up to
-- one and a half times what was seen then: a nightly job is expected, ten times of it is not.
-- Over the temporary tables `found` and `found_subjects`.
-- Parameters: detector.
create or replace temporary table found_checked as
with checked as (
    select
        coalesce(f.series::varchar, error('a row has no series')) as series,
        coalesce(f.minute::timestamp, error('a row has no minute')::timestamp) as minute,
        coalesce(f.observed::double, error('a row has no value for observed')::double) as observed,
        coalesce(f.expected::double, error('a row has no value for expected')::double) as expected,
        coalesce(f.low::double, error('a row has no value for low')::double) as low,
        coalesce(f.high::double, error('a row has no value for high')::double) as high,
        coalesce(f.score::double, error('a row has no score')::double) as score,
        coalesce(f.direction::varchar, error('a row has no direction')) as direction,
        coalesce(f.reason::varchar, error('a row has no reason')) as reason
    from found f
),
slots as (
    select
        id,
        series,
        direction,
        observed,
        first_minute,
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
          -- Minutes since an hour before the slot began, on whichever day.
          and ((date_diff('minute', m.first_minute, c.minute) + 60) % 1440 + 1440) % 1440
              <= m.length + 120
          and if(
              c.direction = 'high',
              c.observed <= 1.5 * m.observed,
              c.observed >= m.observed / 1.5
          )
    ) as expected_by
from checked c
left join found_subjects s using (series)

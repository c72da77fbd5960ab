-- Every series' score over time, thinned to a readable number of steps: of each step the
-- minute with the largest score, up or down.
-- Over the temporary table `found`, left there by the detector with a threshold of 0: every minute.
-- Parameters: from, step (microseconds UTC), series_max.
-- Columns: series, more (how many series were left out), step (its number), minute (microseconds
-- UTC), observed, expected, scale, low, high, score.
with thinned as (
    select
        series,
        (epoch_us(minute) - $from::bigint) // $step::bigint as step,
        max_by(
            struct_pack(
                minute := epoch_us(minute),
                observed := observed,
                expected := expected,
                scale := scale,
                low := low,
                high := high,
                score := score
            ),
            abs(score)
        ) as top
    from found
    group by all
),
ranked as (
    select
        series,
        row_number() over (order by max(abs(top.score)) desc, series) as rank,
        greatest(count(*) over () - $series_max::bigint, 0) as more
    from thinned
    group by series
)
select
    t.series, r.more, t.step,
    top.minute as minute,
    round(top.observed, 3) as observed,
    round(top.expected, 4) as expected,
    round(top.scale, 4) as scale,
    round(top.low, 4) as low,
    round(top.high, 4) as high,
    round(top.score, 4) as score
from thinned t
join ranked r on r.series = t.series
where r.rank <= $series_max::bigint
order by r.rank, t.step

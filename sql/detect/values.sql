-- values: numbers (latency, bytes, load, prices) that leave the range of their own past.
--
-- Method: on every row, from earlier rows of the same series only (arrival order, not time):
--  1. What is usual at this time of day: the median of the last 21 rows of the same quarter hour
--     (UTC). A slot that has not been seen three times yet borrows the median of the last 21 rows.
--  2. Four residuals from it: of the value, and of the means of the last 3, 12 and 36 rows.
--     A spike shows in the first, a small but lasting shift in the last.
--  3. Each residual has limits: the 0.2 % and 99.8 % quantiles of its last 8000 residuals. What
--     lies beyond is measured in units of the series' own tails: the distance of the limits, and
--     three times how far the extremes of the past went beyond them (a series with heavy tails or
--     rare bursts must go further to surprise). This has no constant with a unit in it and assumes
--     no distribution.
--  4. The score is the sum over the four, times n/(n + 250) for n past residuals: 99.8 % is known
--     only after some hundreds of rows. It is kept below the threshold when no residual is beyond
--     every earlier one, and is 0 unless it is larger than all scores of the 50 rows before: an
--     incident is reported where it starts and where it gets worse, not on each of its rows.
-- Source: measured on the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv:1510.03336);
-- limits from a trailing window: extreme quantiles as in nonparametric tolerance intervals.
--
-- A series that was constant is judged too: the unit of a residual is at least a millionth of the
-- value (noise of single precision is no news), and one residual adds at most 10 to the score.
-- NULL, NaN and infinite values get score 0 and are otherwise as if absent. Fewer than 30 past
-- residuals: no verdict, reason 'learning'.
--
-- Reads 8000 rows back for the limits, before that 21 rows of a slot, and 36 for the means: 7 days
-- of minutes. It looks back rows, not time: a series with gaps reaches further.
-- The monitor keeps residuals, and provides the tables for its ticks (sql/stream/values_*.sql).
-- Parameters: threshold (score that fires; 0.5: about one false episode in twenty days and minute
-- series), every (all rows, not only those that fire), from and to (rows with from <= ts < to;
-- null: all).
-- Columns: series, minute (the row's ts), observed, expected, low, high (where the value alone
-- would fire), score, direction, reason, row.
create or replace temporary table steps as
select
    series,
    row,
    ts,
    -- Comparisons put NaN above infinity: this drops both, and what overflows in a sum.
    coalesce(abs(value) <= 1e300, false) as usable,
    if(usable, value, 0) as x,
    (hour(ts) * 60 + minute(ts)) // 15 as slot
from series_values
-- By arrival: a late row has rows of a later time in its past.
where $to::timestamp is null
   or row <= (select max(row) from series_values where ts < $to::timestamp);

-- Rows without a number are partitioned away instead of being NULL among the others: quantiles
-- over frames are four times slower where NULLs may be, and every window below must pay it.
-- Sums of the last 3, 12 and 36 rows out of each other, always added in the same order: a windowed
-- sum of doubles would depend on where the frame lies in the input.
create or replace temporary table means as
with sums3 as (
    select
        *,
        x + lag(x, 1, 0) over arrival + lag(x, 2, 0) over arrival as sum3,
        median(x) over recently as recent,
        count(*) over recently >= 3 and min(x) over recently = max(x) over recently as flat,
        count(*) over (arrival rows between 35 preceding and current row) as rows36
    from steps
    window
        arrival as (partition by series, usable order by row),
        recently as (arrival rows between 21 preceding and 1 preceding)
),
sums12 as (
    select
        *,
        sum3 + lag(sum3, 3, 0) over arrival + lag(sum3, 6, 0) over arrival
            + lag(sum3, 9, 0) over arrival as sum12
    from sums3
    window arrival as (partition by series, usable order by row)
)
select
    series, row, ts, usable, slot, recent, flat, x,
    sum3 / least(rows36, 3) as x3,
    sum12 / least(rows36, 12) as x12,
    (sum12 + lag(sum12, 12, 0) over arrival + lag(sum12, 24, 0) over arrival) / rows36 as x36
from sums12
window arrival as (partition by series, usable order by row);

create or replace temporary table residuals as
with slots as (
    select
        *,
        count(*) over same_slot >= 3 as known,
        -- A series that stands still has no time of day: what it holds is what is usual.
        known or flat as settled,
        median(x) over same_slot as usual,
        median(x3) over same_slot as usual3,
        median(x12) over same_slot as usual12,
        median(x36) over same_slot as usual36
    from means
    window same_slot as (
        partition by series, usable, slot order by row rows between 21 preceding and 1 preceding
    )
)
select
    series, row, ts, usable, x, settled,
    -- The first row of a series is as expected.
    if(known, usual, coalesce(recent, x)) as expected,
    x - expected as r1,
    x3 - if(known, usual3, expected) as r3,
    x12 - if(known, usual12, expected) as r12,
    x36 - if(known, usual36, expected) as r36
from slots;

-- Smallest, 0.2 %, 99.8 % and largest of the past. Residuals from a borrowed median have limits of
-- their own: they are of another kind, and would widen the real ones for days.
create or replace temporary table limits as
select
    *,
    count(*) over past as n,
    quantile_cont(r1, [0, 0.002, 0.998, 1]) over past as q1,
    quantile_cont(r3, [0, 0.002, 0.998, 1]) over past as q3,
    quantile_cont(r12, [0, 0.002, 0.998, 1]) over past as q12,
    quantile_cont(r36, [0, 0.002, 0.998, 1]) over past as q36
from residuals
window past as (
    partition by series, usable, settled order by row rows between 8000 preceding and 1 preceding
);

with units as (
    select
        *,
        greatest((abs(x) + abs(expected)) * 1e-6, 1e-300) as least_unit,
        greatest(least_unit, q1[3] - q1[2] + 3 * (q1[4] - q1[3] + q1[2] - q1[1])) as unit1,
        greatest(least_unit, q3[3] - q3[2] + 3 * (q3[4] - q3[3] + q3[2] - q3[1])) as unit3,
        greatest(least_unit, q12[3] - q12[2] + 3 * (q12[4] - q12[3] + q12[2] - q12[1])) as unit12,
        greatest(least_unit, q36[3] - q36[2] + 3 * (q36[4] - q36[3] + q36[2] - q36[1])) as unit36
    from limits
),
excesses as (
    select
        series, row, ts, usable, x, expected, n, q1, unit1, r1, r3, r12, r36,
        usable and n >= 30 as judged,
        n / (n + 250.0) as trust,
        least(greatest(r1 - q1[3], q1[2] - r1, 0) / unit1, 10) as e1,
        least(greatest(r3 - q3[3], q3[2] - r3, 0) / unit3, 10) as e3,
        least(greatest(r12 - q12[3], q12[2] - r12, 0) / unit12, 10) as e12,
        least(greatest(r36 - q36[3], q36[2] - r36, 0) / unit36, 10) as e36,
        r1 not between q1[1] and q1[4] or r3 not between q3[1] and q3[4]
            or r12 not between q12[1] and q12[4] or r36 not between q36[1] and q36[4] as unseen
    from units
),
sums as (
    select
        *,
        (e1 + e3 + e12 + e36) * trust as total,
        case
            when not judged then 0.0
            when unseen then total
            else least(total, 0.99 * $threshold::double)
        end as surprise
    from excesses
),
records as (
    select
        *,
        if(
            surprise > coalesce(max(surprise) over (
                partition by series, usable order by row rows between 50 preceding and 1 preceding
            ), 0),
            surprise, 0.0
        ) as score,
        greatest(e1, e3, e12, e36) as top,
        case top when e1 then r1 when e3 then r3 when e12 then r12 else r36 end as off
    from sums
)
select
    series,
    ts as minute,
    if(usable, x, null) as observed,
    if(usable, expected, null) as expected,
    -- While it learns, there is no band.
    coalesce(expected + q1[2] - $threshold::double / trust * unit1, expected) as low,
    coalesce(expected + q1[3] + $threshold::double / trust * unit1, expected) as high,
    score,
    if(coalesce(off, 0) < 0, 'low', 'high') as direction,
    case
        when not usable then 'no number'
        when not judged then 'learning'
        when score = 0 then 'as usual'
        else format(
            '{:s}, {:.6g} {:s} than usual ({:.6g}): '
            || 'beyond the past {:d} rows by {:.2f} times their spread',
            case top
                when e1 then format('{:.6g}', x)
                when e3 then format('{:.6g} after a mean of 3 rows', x)
                when e12 then format('{:.6g} after a mean of 12 rows', x)
                else format('{:.6g} after a mean of 36 rows', x)
            end,
            abs(off), if(off < 0, 'less', 'more'), expected, n, score
        )
    end as reason,
    row
from records
where ($every::boolean or score >= $threshold::double)
  and ($from::timestamp is null or ts >= time_bucket(interval 1 minute, $from::timestamp))
  and ($to::timestamp is null or ts < $to::timestamp)
order by row

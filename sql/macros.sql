-- Arithmetic that several detectors share. The framework runs this file before any of them.

-- How unlikely a count is, as a standard normal deviate: the signed root of the deviance of a
-- negative binomial with mean mu and variance mu + alpha mu^2 (McCullagh & Nelder, Generalized
-- Linear Models, 1989, 4.5), with a continuity correction of half a record. It is within 0.9
-- decades of the exact tail, on the safe side; a Gaussian z is wrong by 10 to 300 decades at low
-- counts. alpha must be above 0, mu above 0; the result is never negative, null or infinite.
create or replace temporary macro negative_binomial_z(y, mu, alpha) as
    sqrt(2 * greatest(0,
        y * ln(y / mu) - (y + 1 / alpha) * ln((y + 1 / alpha) / (mu + 1 / alpha))
    ));
create or replace temporary macro count_high_z(x, mu, alpha) as
    if(x - 0.5 > mu, negative_binomial_z(greatest(x - 0.5, 0.5), mu, alpha), 0);
create or replace temporary macro count_low_z(x, mu, alpha) as
    if(x + 0.5 < mu, negative_binomial_z(x + 0.5, mu, alpha), 0);

-- Minutes as whole numbers since 1970: windows and joins on them are exact and quick.
create or replace temporary macro minute_number(t) as (epoch_us(t) // 60000000)::integer;
create or replace temporary macro minute_of(number) as make_timestamp(number::bigint * 60000000);
-- The minute after the last one that begins before `to`: a part of a minute is that minute.
create or replace temporary macro end_of(t) as
    (minute_number(t - interval 1 microsecond) + 1)::integer;

-- How far a sum x went beyond its expectation u, squared, in excess of Poisson noise, and what a
-- dispersion of 1 would have made of it. Their ratio over many sums, all above or all below, is the
-- dispersion alpha. A Poisson count that is above a small expectation is so by about 1, thus the
-- floor. In thousandths and whole: whole numbers sum up to the same in any order.
create or replace temporary macro excess(x, u) as
    greatest(least(1000 * ((x - u) * (x - u) - greatest(u, 1)), 9e18), -9e18)::bigint;
create or replace temporary macro excess_unit(u) as
    least(1000 * u * greatest(u, 1), 9e18)::bigint;
-- The square of how far beyond, in that unit: for the extremes.
create or replace temporary macro excess_ratio(x, u) as
    (x - u) * (x - u) / (u * greatest(u, 1));
-- Below an expectation of 1 the dispersion is that of a constant factor, as its unit is: records that
-- come in bursts vary by u times the size of a burst, not by u squared.
create or replace temporary macro count_z(x, u, alpha, side) as
    if(
        side = 1,
        count_high_z(x, u, alpha * greatest(1, 1 / u)),
        count_low_z(x, u, alpha * greatest(1, 1 / u))
    );

-- Whether a sum x is far enough from its expectation u to fire at all: half as large again and 5 more
-- (a drop: at most 0.6 of it and 5 less).
create or replace temporary macro rises(x, u) as x >= 1.5 * u and x - u >= 5;
create or replace temporary macro falls(x, u) as x <= 0.6 * u and u - x >= 5;

-- The score of a sum x against its expectation u, 0 if it is not.
create or replace temporary macro count_score(x, u, alpha, side) as case
    when side = 1 and rises(x, u) then count_z(x, u, alpha, side)
    when side = -1 and falls(x, u) then count_z(x, u, alpha, side)
    else 0
end;

-- What a minute must score to be flagged: it leaves later baselines, whatever it takes to fire. And what
-- may score that much or fire: rounding moves a score by far less than a thousandth.
create or replace temporary macro flagged_from() as 5.0::double;
create or replace temporary macro least_score(threshold) as
    least(threshold::double, flagged_from()) - 0.001;

-- The sums over the last minutes, each with what is expected of it by the mean of the minutes before
-- (another one for an hour).
create or replace temporary macro lengths(x, x2, x5, x15, x30, x60, age, mean, long_mean) as [
    {scale: 1, side: 1, x: x, lately: x, recent: mean, screened: rises(x, mean)},
    {scale: 2, side: 1, x: x2, lately: x2, recent: 2 * mean, screened: rises(x2, 2 * mean)},
    {scale: 5, side: 1, x: x5, lately: x5, recent: 5 * mean, screened: rises(x5, 5 * mean)},
    {scale: 15, side: 1, x: x15, lately: 3 * x5, recent: 15 * mean, screened: rises(x15, 15 * mean)},
    {
        scale: 60, side: 1, x: x60, lately: 4 * x15, recent: 60 * long_mean,
        screened: age >= 60 and rises(x60, 60 * long_mean)
    },
    {scale: 5, side: -1, x: x5, lately: x5, recent: 5 * mean, screened: falls(x5, 5 * mean)},
    {scale: 15, side: -1, x: x15, lately: 3 * x5, recent: 15 * mean, screened: falls(x15, 15 * mean)},
    {scale: 30, side: -1, x: x30, lately: 6 * x5, recent: 30 * mean, screened: falls(x30, 30 * mean)}
];

-- Of the sums over the last minutes (x, and a struct of the longer ones) the one of this length: for 1
-- and 5 minutes the largest (or smallest) of it and its neighbours, since a pattern may come a minute
-- early or late; for 2 minutes what that can be at most.
create or replace temporary macro sum_of(scale, side, x, sums) as case
    when side = 1 and scale = 1 then greatest((sums).x_before, x, (sums).x_after)
    when side = 1 and scale = 2 then 2 * greatest((sums).x_before, x, (sums).x_after)
    when side = 1 and scale = 5 then greatest((sums).x5_before, (sums).x5, (sums).x5_after)
    when scale = 5 then least((sums).x5_before, (sums).x5, (sums).x5_after)
    when scale = 15 then (sums).x15
    when scale = 30 then (sums).x30
    else (sums).x60
end;

-- The median of so many whole numbers, from the largest of them, which are one more than half of them:
-- in half the time that it takes to sort them all.
create or replace temporary macro median_of(largest, numbers) as
    (largest[(numbers + 1) // 2] + largest[numbers // 2 + 1]) / 2;

-- The dispersion alpha, and what so many minutes of mean and hours of dispersion leave open, which
-- makes it larger.
create or replace temporary macro dispersion(excess, unit, hours, minutes) as
    coalesce(if(unit > 0, greatest(excess, 0) / unit, 0), 0)
        + 0.3 / minutes
        + least(1 / greatest(coalesce(hours, 1), 1)^2, 0.15 / greatest(coalesce(hours, 1), 1));

-- The least it can be: of a past of 48 hours that never went beyond Poisson noise.
create or replace temporary macro least_dispersion(minutes) as dispersion(0, 0, 48, minutes);

-- How likely a standard normal variate is to be above z, for z of 2 and more (Mills' ratio); 1 below.
create or replace temporary macro normal_tail(z) as
    if(z < 2, 1, exp(-z * z / 2) / (2.5066282746310002 * z));

-- How unlikely y errors among n records are, as a standard normal deviate, when a past worth c
-- records had the share p: the signed root of the binomial deviance (McCullagh & Nelder, Generalized
-- Linear Models, 1989, 4.4) of both samples against their common share, the G statistic of two shares.
-- It is for the beta-binomial what the deviance of the negative binomial is for that: with
-- errors whose share varies as a beta distribution of p c and (1-p) c, it is the deviance at the
-- most likely share. c without end gives the plain binomial deviance against p. Continuity
-- correction of half an error. p must be between 0 and 1, c above 0; never negative, null or infinite.
create or replace temporary macro two_shares_deviance(y, n, p, c, common) as
    2 * (
        y * ln(y / (n * common)) + (n - y) * ln((n - y) / (n * (1 - common)))
        + c * (p * ln(p / common) + (1 - p) * ln((1 - p) / (1 - common)))
    );
create or replace temporary macro share_z(errors, n, p, c) as
    if(
        errors - 0.5 > n * p,
        sqrt(greatest(0, two_shares_deviance(
            greatest(errors, 1) - 0.5, n, p, c, (greatest(errors, 1) - 0.5 + c * p) / (n + c)
        ))),
        0
    );

-- The score of errors among n records against an expected share p: 0 unless they are 5, of 20
-- records, and twice what is expected.
create or replace temporary macro share_fires(errors, n, p) as
    errors >= 5 and n >= 20 and errors >= 2 * p * n;
create or replace temporary macro share_score(errors, n, p, c) as
    if(share_fires(errors, n, p), share_z(errors, n, p, c), 0);

-- The errors and records of the last minutes, each with the share of the minutes before (of an hour
-- others), and whether that would do to fire if nothing else explained it.
create or replace temporary macro share_lengths(
    n5, e5, n15, e15, n60, e60, age, recent_n, recent, earlier_n, earlier, every, threshold
) as [
    {
        scale: 5, n: n5, e: e5, base_n: recent_n, base: recent,
        may_fire: share_score(e5, n5, recent, 1e12) >= share_screen(every, threshold)
    },
    {
        scale: 15, n: n15, e: e15, base_n: recent_n, base: recent,
        may_fire: e5 > n5 * recent
            and share_score(e15, n15, recent, 1e12) >= share_screen(every, threshold)
    },
    {
        scale: 60, n: n60, e: e60, base_n: earlier_n, base: earlier,
        may_fire: e15 > n15 * earlier
            and age >= 90
            and share_score(e60, n60, earlier, 1e12) >= share_screen(every, threshold)
    }
];
-- All scores are wanted, or those that may fire or be flagged.
create or replace temporary macro share_screen(every, threshold) as
    if(every, 0.001, least(threshold::double, flagged_from()));

-- How far errors went beyond their expectation, squared, in excess of binomial noise, and what an
-- intra-class correlation of 1 would have made of it (compare excess, for the floors too).
create or replace temporary macro share_excess(errors, n, p) as
    if(
        errors > n * p,
        least(1000 * ((errors - n * p) * (errors - n * p) - greatest(n * p * (1 - p), 1)), 9e18),
        0
    )::bigint;
create or replace temporary macro share_unit(errors, n, p) as
    if(errors > n * p, least(1000 * n * (1 - p) * greatest(n * p, 1), 9e18), 0)::bigint;

-- Of the sums over 5, 15 and 60 minutes the one of this length.
create or replace temporary macro of_scale(scale, x5, x15, x60) as
    case scale when 5 then x5 when 15 then x15 else x60 end;

-- Whether a pause was a silence, as all shorter ones tell: 5 minutes and half again as long.
create or replace temporary macro stands_out(pause, next_longest) as
    pause >= 5 and pause > 1.5 * next_longest;

-- How many of the longest pauses were silences, at most so many.
create or replace temporary macro silences_among(longest, second, third, fourth, most) as case
    when most >= 3 and stands_out(third, fourth) then 3
    when most >= 2 and stands_out(second, third) then 2
    when most >= 1 and stands_out(longest, second) then 1
    else 0
end;

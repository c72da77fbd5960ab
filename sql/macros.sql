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

-- How far a sum x went beyond its expectation u, squared, in excess of Poisson noise, and what a
-- dispersion of 1 would have made of it; side is 1 for above, -1 for below. Their ratio over many
-- sums is the dispersion alpha. A Poisson count that is above a small expectation is so by about
-- 1, thus the floor. In thousandths and whole: whole numbers sum up to the same in any order.
create or replace temporary macro excess(x, u, side) as
    if(
        (x - u) * side > 0,
        greatest(least(1000 * ((x - u) * (x - u) - greatest(u, 1)), 9e18), -9e18),
        0
    )::bigint;
create or replace temporary macro excess_unit(x, u, side) as
    if((x - u) * side > 0, least(1000 * u * greatest(u, 1), 9e18), 0)::bigint;
-- The square of how far beyond, in that unit: for the extremes.
create or replace temporary macro excess_ratio(x, u, side) as
    if((x - u) * side > 0, (x - u) * (x - u) / (u * greatest(u, 1)), 0);
-- Below an expectation of 1 the dispersion is that of a constant factor, as its unit is: records that
-- come in bursts vary by u times the size of a burst, not by u squared.
create or replace temporary macro count_z(x, u, alpha, side) as
    if(
        side = 1,
        count_high_z(x, u, alpha * greatest(1, 1 / u)),
        count_low_z(x, u, alpha * greatest(1, 1 / u))
    );

-- The score of a sum x against its expectation u: 0 unless it is half as large again and 5 more (a
-- drop: at most 0.6 of it and 5 less).
create or replace temporary macro count_score(x, u, alpha, side) as case
    when side = 1 and x >= 1.5 * u and x - u >= 5 then count_z(x, u, alpha, side)
    when side = -1 and x <= 0.6 * u and u - x >= 5 then count_z(x, u, alpha, side)
    else 0
end;

-- Of the sums over the last minutes the one of this length: for 1 and 5 minutes the largest (or
-- smallest) of it and its neighbours, since a pattern may come a minute early or late; for 2 minutes
-- what that can be at most.
create or replace temporary macro sum_of(scale, side, x_high, x5_high, x5_low, x15, x30, x60) as case
    when side = 1 and scale = 1 then x_high
    when side = 1 and scale = 2 then 2 * x_high
    when side = 1 and scale = 5 then x5_high
    when scale = 5 then x5_low
    when scale = 15 then x15
    when scale = 30 then x30
    else x60
end;

-- The dispersion alpha, and what so many minutes of mean and hours of dispersion leave open, which
-- makes it larger.
create or replace temporary macro dispersion(excess, unit, hours, minutes) as
    coalesce(if(unit > 0, greatest(excess, 0) / unit, 0), 0)
        + 0.3 / minutes
        + 1 / greatest(coalesce(hours, 1), 1)^2;

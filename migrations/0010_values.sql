-- What the detector `values` keeps between ticks, so that a new minute is judged without reading the
-- records of 8 days. All of it follows from them and can be deleted at any time: it is computed again.
-- Minutes are whole numbers since 1970, UTC.

-- Which formulas it was computed with, and of which minutes the values are kept. One row.
create table rolling_values_kept (
    fingerprint varchar not null,
    first_minute integer not null,
    until integer not null          -- exclusive
);

-- Short names of series: service and field.
create table rolling_values_series (
    id integer not null,
    series varchar not null
);

-- Minutes with records, and what they were: when there are others now, the values are wrong.
create table rolling_values_minutes (
    minute integer not null,
    records bigint not null,
    arrivals bigint not null        -- sum of a hash of their times and when they came
);

-- The 95th percentile of a minute.
create table rolling_values (
    id integer not null,
    minute integer not null,
    value double not null
);

-- Where the past of a judged minute begins: a day's minutes have a past in common, so there is one of
-- them most of the time, and two before and after midnight.
create table rolling_values_pasts (since integer not null);

-- What a number was compared with, and how far it was off (sql/detect/values.sql: means, residuals).
create table rolling_values_residuals (
    since integer not null,         -- in which past
    id integer not null,
    minute integer not null,
    place integer not null,         -- the how manyth row of the series it is
    place_of_kind integer not null, -- and of those that are settled, or are not
    slot integer not null,
    settled boolean not null,
    x double not null,
    x3 double not null,
    x12 double not null,
    x36 double not null,
    expected double not null,       -- x - expected is the first residual
    r3 double not null,
    r12 double not null,
    r36 double not null
);

-- From which minute on the residuals of a series are not there, or are wrong.
create table rolling_values_stale (
    since integer not null,
    id integer not null,
    minute integer not null
);

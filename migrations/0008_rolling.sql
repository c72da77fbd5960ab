-- What detectors keep between ticks, so that a new minute can be judged without its 8 days of past.
-- All of it follows from the rollups and can be deleted at any time: it is computed again.
-- Minutes and hours are whole numbers since 1970, UTC.

-- Which formulas the rest was computed with: another version of them starts anew.
create table rolling_version (fingerprint varchar not null);

-- Short names. Several services and levels may be one series: a space separates them.
create table rolling_series (
    id integer not null,
    service varchar,
    level level,
    series varchar not null
);

-- Hours that are complete and do not change any more, by parts of the series (id % 16): their rows
-- in rolling_hours and rolling_excesses are there.
create table rolling_closed (
    hour integer not null,
    part integer not null,
    excesses boolean not null,      -- false: long ago, only rolling_hours was needed
    dispersions boolean not null    -- those of two hours later follow from it and are there
);

-- Minutes of closed hours with a record of anything.
create table rolling_arrivals (
    minute integer not null,
    first_id integer not null,      -- two series with a record; the same if there is only one
    last_id integer not null,
    pause integer not null,         -- minutes since the one before
    patience integer not null       -- a longer pause after it is Pintail's own downtime
);

-- What an hour was like for a series; none without records.
create table rolling_hours (
    id integer not null,
    hour integer not null,
    records bigint not null,        -- what it was computed from; when there are others, it is wrong
    last_minute integer not null,   -- with a record
    first_minute integer,           -- with a record that followed another within a day
    n bigint not null,              -- gaps between minutes with records that ended in it
    minutes bigint,                 -- their sum
    squares bigint,
    longest bigint
);

-- How far sums of an hour went beyond what was expected: see hourly in sql/detect/counts.sql. Sums of
-- squares do not fit into 64 bits; DuckDB takes up to a microsecond to unpack a hugeint, so these are
-- not packed.
create table rolling_excesses (
    id integer not null,
    hour integer not null,
    scale integer not null,
    side integer not null,
    excess hugeint not null using compression uncompressed,
    unit hugeint not null using compression uncompressed,
    ratio double not null
);

-- What follows from them for an hour, two or more hours later: see dispersions there.
create table rolling_dispersions (
    id integer not null,
    hour integer not null,
    scale integer not null,
    side integer not null,
    excess hugeint using compression uncompressed,
    unit hugeint using compression uncompressed,
    greatest_extreme double,
    extreme double,
    hours bigint
);

-- Series whose kept hours no longer fit their records, from an hour on: they are not judged until
-- these are computed again.
create table rolling_stale (
    id integer not null,
    hour integer not null
);

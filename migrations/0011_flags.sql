-- What was unusual lately, kept between ticks as the rest is (0008_rolling.sql): it is left out of the
-- baselines of what comes after it.

-- Minutes that were unusual at a first look: see flags in sql/detect/counts.sql.
create table rolling_flags (
    id integer not null,            -- rolling_series.id
    minute integer not null,
    records bigint not null
);

-- The minutes of which that is known: one row, or none.
create table rolling_flagged (
    first_minute integer not null,
    until_minute integer not null   -- exclusive
);

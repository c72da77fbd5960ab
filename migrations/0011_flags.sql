-- What was unusual lately, kept between ticks as the rest is (0008_rolling.sql): it is left out of the
-- baselines of what comes after it. When one of these tables is emptied, so must be the other.

-- Minutes that were unusual at a first look: see flags in sql/detect/counts.sql and ratio.sql.
create table rolling_flags (
    detector varchar not null,
    id integer not null,            -- rolling_series.id, of ratio rolling_services.id
    minute integer not null,
    records bigint not null,
    errors bigint                   -- of ratio
);

-- The minutes of which that is known: one row for each detector, or none.
create table rolling_flagged (
    detector varchar not null,
    first_minute integer not null,
    until_minute integer not null   -- exclusive
);

-- Errors among the records of services, kept between ticks as the rest is (0008_rolling.sql).

-- Short names of services; '' is records without one.
create table rolling_services (
    id integer not null,
    service varchar not null
);

-- Records of 5 minutes of closed hours, and how many of them are errors; none without records.
create table rolling_shares (
    id integer not null,            -- rolling_services.id
    block integer not null,         -- of 5 minutes, a whole number since 1970
    n bigint not null,
    errors bigint not null
);

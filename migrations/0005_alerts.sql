-- The life of an anomaly as people see it, and what was sent to them about it.

create table alerts (
    id integer primary key,
    detector varchar not null,
    series varchar not null,
    direction varchar not null,     -- 'high' or 'low'
    first_minute timestamp not null,
    last_minute timestamp not null, -- of the anomaly so far, UTC
    peak_minute timestamp not null, -- the one with the highest score; the rest is of this one
    observed double not null,
    expected double not null,
    low double not null,
    high double not null,
    score double not null,
    reason varchar not null,
    opened timestamp not null,      -- when it was noticed, UTC
    closed timestamp                -- null while it lasts
);

-- Each message to somebody, so that a restart neither forgets nor repeats it.
create table deliveries (
    alert integer not null,         -- alerts.id
    channel varchar not null,       -- 'email'
    state varchar not null,         -- 'pending', 'sent' or 'failed'
    attempts integer not null,
    next_attempt timestamp,         -- UTC; null when there is none
    last_error varchar,
    created timestamp not null,
    sent timestamp,
    primary key (alert, channel)
);

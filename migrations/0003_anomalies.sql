-- What detectors found. The key makes running a detector twice the same as once.
create table anomalies (
    detector varchar not null,      -- the .sql file's name without extension
    series varchar not null,        -- what was counted: 'payment', or '' for records without a service
    minute timestamp not null,      -- UTC
    observed double not null,
    expected double not null,
    low double not null,            -- the band that would have been normal
    high double not null,
    score double not null,          -- in the detector's own unit; for zscore standard deviations
    direction varchar not null,     -- 'high' or 'low'
    reason varchar not null,        -- one sentence for people
    parameters varchar not null,    -- what the scores depend on, as JSON: level, window, …
    found timestamp not null,       -- UTC, when it was first found
    primary key (detector, series, minute, direction, parameters)
);

-- Detection: what is unusual and expected, which alerts have one cause, how far detectors are, and
-- what people say of what was found.

-- What a series is about, to find its records: null is all. service '' is records without one; level
-- is exactly that one ('' is records without), min_level that one and above; field is a key of `fields`.
alter table anomalies add column service varchar;
alter table anomalies add column level varchar;
alter table anomalies add column min_level varchar;
alter table anomalies add column field varchar;
-- Somebody said of the same slot of the day that this is to be expected: nobody is told.
alter table anomalies add column expected_by integer;   -- marks.id
-- Found by the monitor, with what is configured; others were asked for by somebody.
alter table anomalies add column monitored boolean;

alter table alerts add column service varchar;
alter table alerts add column level varchar;
alter table alerts add column min_level varchar;
alter table alerts add column field varchar;
-- Alerts with a common cause: the id of the first of them, which is the one people are told of.
alter table alerts add column incident integer;
update alerts set service = series, min_level = 'ERROR', incident = id;
update anomalies set service = series, min_level = 'ERROR', monitored = false;

-- How far the monitor has judged, so that a restart goes on there.
create table detectors (
    name varchar primary key,
    judged_until timestamp not null     -- UTC, exclusive
);

-- What people said of anomalies: 'expected' ones are learned, both are truth for backtests.
create table marks (
    id integer primary key,
    detector varchar not null,
    series varchar not null,
    direction varchar not null,     -- 'high' or 'low'
    first_minute timestamp not null,
    last_minute timestamp not null, -- UTC, inclusive
    observed double not null,       -- the most unusual of it: far beyond it is no longer expected
    verdict varchar not null,       -- 'expected' or 'real'
    note varchar,
    made timestamp not null         -- UTC
);

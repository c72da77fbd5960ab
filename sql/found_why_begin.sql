-- What the anomalies of a run are made of: none yet.
create or replace temporary table found_why (
    series varchar,
    direction varchar,
    first_minute bigint,        -- microseconds UTC
    last_minute bigint,
    why varchar                 -- null where nothing explains it
)

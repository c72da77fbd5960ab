-- Which migrations this database has seen.
create table if not exists schema_version (
    version integer not null,
    applied timestamp not null      -- UTC
);

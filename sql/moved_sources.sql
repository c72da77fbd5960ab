-- A place for what was learned of known sources; see update_sources.sql.
create or replace temporary table moved_sources (
    id integer,
    name varchar,
    device bigint,
    inode bigint,
    head_bytes integer,
    head_crc bigint
)

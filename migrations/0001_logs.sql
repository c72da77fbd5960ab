-- The records and what is known about where they came from.

-- Ordered, so that `level >= 'WARN'` works. One byte a row.
create type level as enum ('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL');

-- Where records come from: a file, or a pipe.
create table sources (
    id integer primary key,
    kind varchar not null,          -- 'file' or 'pipe'
    name varchar not null,          -- the absolute path, or '-' for standard input
    device bigint,                  -- with inode: the file's identity while it lives; null for pipes
    inode bigint,
    head_bytes integer,             -- how many of its first decoded bytes head_crc covers
    head_crc bigint,                -- an inode can be used again and a path written anew; content tells
    format varchar,                 -- the main format its first lines were read as; null if none
    score double,                   -- share of the readable first lines in that format, 0 to 1
    formats json,                   -- every format seen there with its share
    file_bytes bigint,              -- size on disk when it was last read to its end; null before
    first_seen timestamp not null   -- UTC
);

-- One row a record, in order of arrival: zone maps then prune by time. No key and no
-- index: each costs several times the load.
create table logs (
    ts timestamp not null,          -- event time in UTC, as the line says it
    level level,                    -- null if the line has none
    -- Few distinct values: no need to try anything else.
    service varchar using compression dictionary,
    host varchar using compression dictionary,
    -- Trying every compression costs a third of the load. For log text zstd is a fifth
    -- smaller and faster to write than FSST; a full scan takes a third longer.
    message varchar not null using compression zstd,
    fields json,                    -- everything else the line carries, typed; null if nothing
    source integer not null,        -- sources.id
    ingested timestamp not null     -- UTC
);

-- What has been taken in: byte ranges of a source, committed with their records.
-- Several workers read one file, so there can be several ranges; they are merged when
-- the source has been read to its end. Offsets are in the decoded stream (a .gz file's
-- contents).
create table positions (
    source integer not null,
    start_byte bigint not null,
    end_byte bigint not null,
    tail_byte bigint not null,      -- where the last record of the range begins: it may grow
    check_bytes integer not null,   -- how many bytes before end_byte check_crc covers
    check_crc bigint not null       -- tells a file that grew from one that was written anew
);

-- Counts per minute, partial: every batch appends its own. The view `minutes` sums them.
create table rollups (
    minute timestamp not null,      -- UTC
    service varchar,
    level level,
    n bigint not null
);

-- Lines that no format could read. Kept, so that nothing disappears.
create table rejects (
    source integer not null,
    start_byte bigint not null,     -- where the line lies in its source
    end_byte bigint not null,
    reason varchar not null,
    line varchar not null,          -- its first 4 KiB
    ingested timestamp not null
);

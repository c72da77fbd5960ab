-- Places for the sources that were read to their ends; see finish_sources.sql.
create or replace temporary table finished_sources (id integer, file_bytes bigint);
create or replace temporary table joined_positions as from positions limit 0

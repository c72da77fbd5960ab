-- Nothing is flagged where nothing may fire.
-- Columns: as flags in sql/detect/ratio.sql.
create or replace temporary table flags
    (id integer, minute integer, records bigint, errors bigint)

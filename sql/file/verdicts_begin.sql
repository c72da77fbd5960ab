-- What detectors say of the rows of a file: nothing yet.
create or replace temporary table verdicts (row bigint, score double, flag integer, reason varchar)

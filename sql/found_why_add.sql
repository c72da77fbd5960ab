-- What one anomaly is made of.
-- Parameters: series, direction, first, last (microseconds UTC), why.
insert into found_why
select $series, $direction, $first::bigint, $last::bigint, $why

-- Takes one record out of the counts.
-- Parameters: ts (microseconds UTC), service, level.
insert into rollups
select time_bucket(interval 1 minute, make_timestamp($ts)), $service, $level::level, -1

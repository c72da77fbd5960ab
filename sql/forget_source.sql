-- Takes everything of a source out again.
-- Parameters: source.
insert into rollups
select time_bucket(interval 1 minute, ts), service, level, -count(*)
from logs
where source = $source
group by all;
delete from logs where source = $source;
delete from rejects where source = $source;
delete from intake where source = $source;
delete from lags where source = $source;
delete from positions where source = $source;
delete from sources where id = $source;

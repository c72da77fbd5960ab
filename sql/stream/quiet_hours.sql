-- The kept hours of the series that may be silent, in place of those that were not read.
-- Parameters: since (minute number).
delete from hourly_gaps where hour < $since::integer // 60;
delete from gaps where hour < $since::integer // 60;
insert into hourly_gaps
select id, hour, n, minutes, squares, longest, first_minute
from rolling_hours
where hour between $since::integer // 60 - 121 and $since::integer // 60 - 1 and id in (from quiet)

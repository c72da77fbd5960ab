-- Adds the last hour of the series that may fire to the past minutes: which of its minutes
-- had how many records.
-- Parameters: from, to (minute numbers).
insert into sums by name
select id, minute, sum(n)::bigint as x
from recent
where id in (select id from dispersed) and minute > $from::integer - 60 and minute < $to::integer
group by id, minute

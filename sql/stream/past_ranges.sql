-- From when to when the groups of past minutes need counts: an hour before to a minute after.
-- Columns: from_minute, to_minute (numbers).
select min(c.minute) as from_minute, max(c.minute) + 1 as to_minute
from (select near, min(clock) as first_clock, max(clock) as last_clock from past group by near)
join clocks c on c.clock between first_clock - 60 and last_clock + 1
group by near
order by from_minute

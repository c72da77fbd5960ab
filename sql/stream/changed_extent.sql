-- What the changes in closed hours amount to.
-- Columns: series (how many have changed), hour (the first), until (the last, exclusive), fewer
-- (whether there are fewer records somewhere), alone (whether there was one series at most), unknown
-- (whether there are series that have no number yet).
select
    count(distinct id) as series,
    min(hour) as hour,
    max(hour) + 1 as until,
    coalesce(bool_or(fewer), false) as fewer,
    (select count(distinct id) < 2 from rolling_hours) as alone,
    coalesce(bool_or(id is null), false) as unknown
from changed

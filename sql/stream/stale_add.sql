-- Remembers which series have changed, and since when.
insert into rolling_stale
select id, min(hour) from changed group by id

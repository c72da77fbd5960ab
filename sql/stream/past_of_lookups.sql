-- Which past minutes are asked for, in groups that are not far from each other.
-- Columns: id, minute, clock, near (minutes ago, roughly), back (how many
-- minutes the sums go back).
create or replace temporary table past as
select id, minute, clock, near, back
from (
    select l.id, l.past_minute as minute, min(l.minute - l.past_minute) as near,
        max(if(l.scale < 15, l.scale + 1, l.scale)) as back
    from lookups
    group by l.id, l.past_minute
)
join clocks using (minute)

-- Which past minutes are asked for, in groups that are not far from each other.
-- Columns: id, minute, clock, near (minutes ago, roughly), back (how many
-- minutes the sums go back).
create or replace temporary table past as
select id, minute, clock, near, back
from (
    select id, past_minute as minute, min(minute - past_minute) as near,
        max(if(scale < 15, scale + 1, scale)) as back
    from lookups
    group by id, past_minute
)
join clocks using (minute)

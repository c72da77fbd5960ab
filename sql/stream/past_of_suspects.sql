-- Which past minutes are asked for, in groups that are not far from each other: those of the same day.
-- Columns: id, minute, clock, near (minutes ago, roughly), back (how many
-- minutes the sums go back).
create or replace temporary table past as
select id, minute, clock, near, back
from (
    select id, past_minute as minute, min((minute - past_minute + 720) // 1440 * 1440) as near,
        max(back) as back
    from (
        select id, minute, past_minute, if(scale < 15, scale + 1, scale) as back from past_suspects
        union all
        -- Its last quarter of an hour is the one around that minute.
        select id, minute, minute - 10080 + 7, 15 from suspects
    )
    group by id, past_minute
)
join clocks using (minute)

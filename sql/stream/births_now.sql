-- When the series that have sums were born, from the hours that are kept and those that are open.
-- Parameters: open (minute number).
-- Columns: as births in sql/detect/counts.sql.
create or replace temporary table births as
with wanted as (
    select distinct id, minute // 60 as hour from sums
),
kept as (
    select id, w.hour, min(first_minute) as born
    from wanted w
    join rolling_hours h using (id)
    where h.hour < $open::integer // 60 and h.hour between w.hour - 120 and w.hour
    group by id, w.hour
),
-- Only those that are new are looked for in the open hours.
born_since as (
    select id, hour, min(minute) filter (where pause <= 1440) as first_minute
    from (
        select
            id,
            minute // 60 as hour,
            minute,
            minute - coalesce(lag(minute) over (partition by id order by minute), last_minute) as pause
        from (
            select distinct id, minute
            from recent
            where minute >= $open::integer
              and id in (
                  select id from wanted anti join (from kept where born is not null) using (id, hour)
              )
        )
        left join (
            select id, max(last_minute) as last_minute
            from rolling_hours
            where hour < $open::integer // 60
            group by id
        ) using (id)
    )
    group by id, hour
)
select w.id, w.hour, coalesce(born, min(first_minute)) as born
from wanted w
left join kept k on k.id = w.id and k.hour = w.hour
left join born_since s on s.id = w.id and s.hour <= w.hour
group by w.id, w.hour, born

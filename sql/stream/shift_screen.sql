-- The series that may have shifted: in the last hour, which ends with the judged minutes, they have a
-- record and a level far from what the hours before it make one expect. As recent, usual, expected and
-- scored in sql/detect/shift.sql, where the day before can only lower a score.
-- Parameters: to (minute number).
-- Columns: id.
create or replace temporary table shifting as
with asked as (
    select back, ago, hour
    from (select unnest([0, 24, 48, 72, 168]) as back)
    cross join (select unnest(range(10)) as ago)
    join hours on hour = $to::integer // 60 - 1 - back - ago
),
filled as (
    select id, back, ago, coalesce(x, 0) as x
    from (select id from hourly where hour = $to::integer // 60 - 1)
    cross join asked
    left join hourly using (id, hour)
),
recent as (
    select
        id,
        back,
        if(count(*) filter (where ago < 4) = 4, (sum(x) filter (where ago < 4)
            - min(x) filter (where ago < 4) - max(x) filter (where ago < 4)) / 2, null) as level,
        if(count(*) filter (where ago >= 4) >= 4, median(x) filter (where ago >= 4), null) as six,
        if(six >= 10, (level + 0.5) / six, null) as six_change
    from filled
    group by id, back
),
usual as (
    select
        id,
        max(level) filter (where back = 0) as level,
        max(six) filter (where back = 0) as six,
        coalesce(median(six_change) filter (where back between 24 and 72), 1) as six_factor,
        max(six_change) filter (where back = 168) as week_change
    from recent
    group by id
)
select id
from usual
where six >= 20
  and (
      level >= 1.5 * greatest(six * six_factor, six * week_change)
      or level <= 0.6 * least(six * six_factor, six * week_change)
  )
  -- Nothing is said of what has to be computed again first.
  and id not in (select id from rolling_stale)

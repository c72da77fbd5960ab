-- The series whose pause may be a silence: longer than 1.5 times the longest of those hours that belong
-- to the two days before, whichever of the last hours it began in, without those of silences.
-- Parameters: from, to (minutes to judge), since (minute number: the beginning of an hour, 2 hours
-- or more before).
-- Columns: id.
create or replace temporary table quiet as
with kept as (
    select
        id,
        max(longest, 4) filter (where hour >= ($to::integer - 1) // 60 - 48) as wildest,
        -- As in histories, but of fewer hours: then it is no longer than there. Of less than 4 anything
        -- may be left out.
        if(
            list_count(wildest) = 4,
            wildest[silences_among(wildest[1], wildest[2], wildest[3], wildest[4], 3) + 1],
            0
        ) as longest,
        count(*) filter (where hour >= $since::integer // 60 - 24) as hours
    from rolling_hours
    where hour < $since::integer // 60 and hour >= $since::integer // 60 - 48
    group by id
),
last as (
    select id, coalesce(max(minute) filter (where minute < $from::integer), $from::integer - 121) as minute
    from recent
    where minute >= $from::integer - 121
    group by id
)
select id
from last
join kept using (id)
where $to::integer - 1 - minute >= 5
  and $to::integer - 1 - minute > 1.5 * coalesce(longest, 0)
  -- 12 of a day's hours have records; 4 may be younger.
  and hours >= 8

-- What was stored lately and may be sent again, in the order in which it came: keys that
-- clients gave, and requests that were not answered, once for every one.
-- Parameters: since (microseconds UTC), limit.
-- Columns: key_high, key_low, content, received (microseconds UTC), is_unanswered.
with
    recent as (
        from receipts
        where received >= make_timestamp($since::bigint)
    ),
    known as (
        from recent
        where state = 'known'
        order by received desc
        limit $limit
    ),
    attempts as (
        select
            *,
            row_number() over (partition by key_high, key_low, state order by received desc)
                as number,
            count(*) filter (where state = 'unanswered') over of_key
                - count(*) filter (where state = 'answered') over of_key as unanswered
        from recent
        where state <> 'known'
        window of_key as (partition by key_high, key_low)
    )
select key_high, key_low, content, epoch_us(received), false
from known
union all
select key_high, key_low, content, epoch_us(received), true
from attempts
where state = 'unanswered' and number <= unanswered
order by 4

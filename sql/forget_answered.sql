-- Forgets requests that were answered: nobody sends them again.
-- Parameters: to (microseconds UTC).
delete from receipts
where
    state <> 'known'
    and received < make_timestamp($to::bigint)
    and (key_high, key_low) in (
        select (key_high, key_low)
        from receipts
        where state <> 'known'
        group by key_high, key_low
        having
            count(*) filter (where state = 'unanswered')
                = count(*) filter (where state = 'answered')
    )

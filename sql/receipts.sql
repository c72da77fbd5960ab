-- What was stored lately and may be sent again, in the order in which it came.
-- Parameters: since (microseconds UTC), limit.
-- Columns: key_high, key_low, content, received (microseconds UTC).
select key_high, key_low, content, epoch_us(received)
from (
    from receipts
    where received >= make_timestamp($since::bigint)
    order by received desc
    limit $limit
)
order by received

-- Forgets keys of what was stored so long ago that nobody sends it again, and of more than
-- are known.
-- Parameters: to (microseconds UTC), keep.
delete from receipts
where
    received < make_timestamp($to::bigint)
    or received < (select received from receipts order by received desc limit 1 offset $keep)

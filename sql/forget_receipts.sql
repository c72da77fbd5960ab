-- Forgets keys of what was stored so long ago that nobody sends it again.
-- Parameters: to (microseconds UTC).
delete from receipts where received < make_timestamp($to::bigint)

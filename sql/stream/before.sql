-- Whether there are records between two minutes.
-- Parameters: from, to (minute numbers).
-- Columns: some.
select exists (
    from rollups where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
) as some

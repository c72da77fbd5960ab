-- How many records lie in the parts of the first and last bucket that reach over the span.
-- Parameters: from, to (microseconds UTC, the span), first, last (of the buckets: first <= from, to <= last).
-- Columns: n.
select
    (
        select count(*)
        from logs
        where ts >= make_timestamp($first::bigint)
          and ts < make_timestamp($from::bigint)
          and (true /* filter */)
    )
    + (
        select count(*)
        from logs
        where ts >= make_timestamp($to::bigint)
          and ts < make_timestamp($last::bigint)
          and (true /* filter */)
    ) as n

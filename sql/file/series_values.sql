-- The numbers of each series of a file, in its order.
select series, ts, x as value, row from rows_in

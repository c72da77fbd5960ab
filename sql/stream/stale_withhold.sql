-- Nothing is said of what has to be computed again first.
delete from sums where id in (select id from rolling_stale)

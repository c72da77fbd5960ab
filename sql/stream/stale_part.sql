-- Some of the series that have to be computed again.
-- Parameters: most (how many at most).
-- Columns: id.
create or replace temporary table part as
select distinct id from rolling_stale order by id limit $most::integer

-- These have been computed again.
delete from rolling_stale where id in (from part)

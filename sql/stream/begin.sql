-- Deletes all state and says which formulas it will be computed with.
-- Parameters: fingerprint.
delete from rolling_version;
delete from rolling_closed;
delete from rolling_arrivals;
delete from rolling_hours;
delete from rolling_excesses;
delete from rolling_dispersions;
delete from rolling_stale;
delete from rolling_shares;
delete from rolling_flags;
delete from rolling_flagged;
insert into rolling_version values ($fingerprint::varchar)

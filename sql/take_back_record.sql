-- Removes the last record of a source with this time and message.
-- Parameters: source, ts (microseconds UTC), message.
delete from logs
where rowid = (
    select max(rowid)
    from logs
    where source = $source and ts = make_timestamp($ts) and message = $message
)

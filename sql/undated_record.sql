-- The time with which the last record of a source was stored that has this message and no time in
-- its line.
-- Parameters: source, message.
-- Columns: ts (microseconds UTC).
select epoch_us(ts)
from logs
where source = $source and message = $message and (fields->>'$.undated') is not null
order by rowid desc
limit 1

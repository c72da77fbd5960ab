-- Records, everything or a filter; a null parameter filters nothing.
-- Parameters: from, to (UTC), level (and above), service, words (in the message, any case).
-- Columns: ts, level, service, host, message, fields, source (its name).
select l.ts, l.level, l.service, l.host, l.message, l.fields, s.name as source
from logs l
left join sources s on s.id = l.source
where ($from::timestamp is null or l.ts >= $from::timestamp)
  and ($to::timestamp is null or l.ts < $to::timestamp)
  and ($level::level is null or l.level >= $level::level)
  and ($service::varchar is null or l.service = $service::varchar)
  and ($words::varchar is null or contains(lower(l.message), lower($words::varchar)))

-- What came from where
select name, format, score, records, rejects, bytes
from ingested
order by records desc

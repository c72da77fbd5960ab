-- Unusual minutes that were found
select minute, series as service, observed, round(expected, 2) as expected,
    round(score, 1) as score, reason
from anomalies
order by minute desc
limit 100

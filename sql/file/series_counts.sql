-- Records per minute of each series of a file.
select series, time_bucket(interval 1 minute, ts) as minute, round(sum(x))::bigint as n
from rows_in
group by all

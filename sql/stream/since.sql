-- Where the windows of a minute begin, with a minute to spare.
-- Parameters: from (minute number).
-- Columns: minute (number; null if there are no records).
select min(minute) as minute
from clocks
where clock >= (select max(clock) from clocks where minute <= $from::integer) - 127

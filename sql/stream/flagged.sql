-- The minutes of which is known whether they were unusual at a first look.
-- Parameters: detector.
-- Columns: from, to (minute numbers).
select first_minute as "from", until_minute as "to"
from rolling_flagged
where detector = $detector

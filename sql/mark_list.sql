-- What people said of anomalies, the newest first.
-- Columns: id, detector, series, direction, start, end (microseconds UTC, exclusive), observed,
-- verdict, note, made (microseconds UTC).
select
    id,
    detector,
    series,
    direction,
    epoch_us(first_minute) as start,
    epoch_us(last_minute + interval 1 minute) as "end",
    observed,
    verdict,
    note,
    epoch_us(made) as made
from marks
order by made desc, id desc

-- What a detector of counts says of each row of a file, with a score between 0 and 1: 0.5 is where it
-- fires. Over the temporary table `found`, left there by the detector with `every`: one for all
-- rows of a series and minute.
-- Parameters: threshold.
insert into verdicts
select
    r.row,
    abs(score) / (abs(score) + $threshold::double) as score,
    (abs(score) >= $threshold::double)::integer as flag,
    reason
from rows_in r
join found f on f.series = r.series and f.minute = time_bucket(interval 1 minute, r.ts)

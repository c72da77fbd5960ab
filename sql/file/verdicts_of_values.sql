-- What a detector of values says of each row of a file, with a score between 0 and 1: 0.5 is where it
-- fires. Over the temporary table `found`, left there by the detector with `every`.
-- Parameters: threshold.
insert into verdicts
select
    row,
    abs(score) / (abs(score) + $threshold::double) as score,
    (abs(score) >= $threshold::double)::integer as flag,
    reason
from found

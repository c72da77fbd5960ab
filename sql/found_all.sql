-- What a detector found just now, to be shown.
-- Over the temporary table `found_checked`, left there by the detector.
-- Parameters: detector.
create or replace temporary table found_all as
select $detector::varchar as detector, * from found_checked

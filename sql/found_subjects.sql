-- What the series that a detector found are about, so that their records can be found: see
-- migrations/0007_detection.sql. A series without a row (no data at all) is about everything.
-- Over the temporary table `found`, left there by the detector.
-- Parameters: kind (what the names of series are made of: 'counts' service and level, 'values' service
-- and field, 'service' the service alone), level (of 'service': this and above was counted).
create or replace temporary table found_subjects as
with found_series as (
    select distinct series::varchar as series from found
),
known as (
    select service, level::varchar as level
    from (
        select distinct service, level
        from rollups
        where $kind <> 'service'
          -- What is found has records in its minute or, when it is silence, two hours before at most.
          and minute between (select min(minute)::timestamp - interval 3 hours from found)
              and (select max(minute)::timestamp from found)
    )
)
select
    series,
    coalesce(any_value(service), '') as service,
    coalesce(any_value(level), '') as level,
    null::varchar as min_level,
    null::varchar as field
from found_series
join known on concat_ws(' ', service, level) = series
where $kind = 'counts'
group by series
union all
select
    series,
    coalesce(max_by(service, length(service)), '') as service,
    null,
    null,
    substr(series, coalesce(max(length(service)) + 2, 1))
from found_series
left join known on starts_with(series, service || ' ')
where $kind = 'values'
group by series
union all
select series, series, null, $level, null
from found_series
where $kind = 'service'

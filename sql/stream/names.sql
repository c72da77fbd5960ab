-- Gives series and services that have none yet their numbers.
-- Parameters: from, to (minute numbers: those with records then).
insert into rolling_series
with fresh as (
    select distinct service, level, concat_ws(' ', service, level) as series
    from (
        select distinct service, level
        from rollups
        where minute >= minute_of($from::integer) and minute < minute_of($to::integer)
    ) r
    where not exists (
        from rolling_series s
        where s.service is not distinct from r.service and s.level is not distinct from r.level
    )
),
numbers as (
    select
        series,
        (select coalesce(max(id), 0) from rolling_series) + row_number() over (order by series) as id
    from (select distinct series from fresh)
    anti join rolling_series using (series)
)
select
    coalesce(n.id, (select min(id) from rolling_series s where s.series = f.series))::integer,
    service,
    level,
    series
from fresh f
left join numbers n using (series);
insert into rolling_services
select
    (select coalesce(max(id), 0) from rolling_services) + row_number() over (order by service),
    service
from (select distinct coalesce(service, '') as service from rolling_series)
anti join rolling_services using (service)

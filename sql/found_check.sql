-- Whether what a detector returned has the columns it must have, with types and values that fit.
create or replace temporary table found_checked as
select
    coalesce(f.series::varchar, error('a row has no series')) as series,
    coalesce(f.minute::timestamp, error('a row has no minute')::timestamp) as minute,
    coalesce(f.observed::double, error('a row has no value for observed')::double) as observed,
    coalesce(f.expected::double, error('a row has no value for expected')::double) as expected,
    coalesce(f.low::double, error('a row has no value for low')::double) as low,
    coalesce(f.high::double, error('a row has no value for high')::double) as high,
    coalesce(f.score::double, error('a row has no score')::double) as score,
    coalesce(f.direction::varchar, error('a row has no direction')) as direction,
    coalesce(f.reason::varchar, error('a row has no reason')) as reason
from found f

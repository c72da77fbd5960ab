-- Whether what a detector returned has the columns it must have, with types that fit.
create or replace temporary table found_checked as
select
    series::varchar as series,
    minute::timestamp as minute,
    observed::double as observed,
    expected::double as expected,
    low::double as low,
    high::double as high,
    score::double as score,
    direction::varchar as direction,
    reason::varchar as reason
from found

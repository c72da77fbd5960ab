-- The rows of a file that is to be scored, in its order.
-- Over the temporary table `file`, the file as it is. {series}, {ts} and {value} are its columns
-- by the names that they have there; without a series all of it is one.
-- Columns: row, series, said (the time as the file says it), ts (UTC; null if it is none), value (as
-- the file says it), x (null if it is no number, or not a finite one).
with texts as (
    select rowid as row, {series} as series, {ts} as said, {value} as value from file
),
-- Whole numbers are seconds, milliseconds, microseconds or nanoseconds since 1970: which, their
-- size tells (10^11 seconds are the year 5138, 10^11 milliseconds 1973).
numbers as (
    select
        *,
        try_cast(said::varchar as double) as number,
        try_cast(value::varchar as double) as number_of_value,
        case
            when abs(number) < 1e11 then 1e6
            when abs(number) < 1e14 then 1e3
            when abs(number) < 1e17 then 1
            else 1e-3
        end as micros
    from texts
)
select
    row,
    coalesce(series::varchar, '') as series,
    said,
    coalesce(
        make_timestamp(try_cast(number * micros as bigint)),
        try_cast(said::varchar as timestamp),
        -- Seconds may be left out before a zone too: 2026-01-05T10:00+01:00.
        try_cast(regexp_replace(
            said::varchar, '([ T]\d{1,2}:\d{2}) ?(Z|[+-]\d{2}(:\d{2})?)$', '\1:00\2'
        ) as timestamp)
    ) as ts,
    value,
    if(isfinite(number_of_value), number_of_value, null) as x
from numbers

-- The first row that cannot be scored. 10^12 records a minute are more than any log has; sums of
-- many more leave what DuckDB's integers hold.
-- Parameters: counts (whether values are counts).
-- Columns: row (from 1, without the header), what.
select
    row + 1 as row,
    case
        when coalesce(said::varchar, '') = '' then 'there is no time'
        when ts is null then format('"{}" is no time', said)
        when ts < '0001-01-01' or ts >= '5000-01-01' then format('"{}" is not between the years 1 and 4999', said)
        when coalesce(value::varchar, '') = '' then 'there is no count'
        when x > 1e12 then format('"{}" is more than can be counted, 10^12 at most', value)
        else format('"{}" is no count', value)
    end as what
from rows_in
where ts is null
    or ts < '0001-01-01'
    or ts >= '5000-01-01'
    or ($counts::boolean and (x is null or x < 0 or x > 1e12))
order by row
limit 1

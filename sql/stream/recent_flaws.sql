-- Whether there are series that have no number yet, and records that were taken back.
-- Columns: unknown, taken_back.
select
    coalesce(bool_or(id is null), false) as unknown,
    coalesce(bool_or(n <= 0), false) as taken_back
from recent

-- Whether a second look has to judge any minute: one that may fire, or, when all minutes are wanted, any.
-- Parameters: every.
-- Columns: some.
select exists(from candidates where may_fire or $every::boolean) as some

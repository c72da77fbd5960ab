-- Whether any minute may fire at a second look.
-- Columns: some.
select exists(from candidates where may_fire) as some

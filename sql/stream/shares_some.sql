-- Whether there are services that may fire.
-- Columns: some.
select exists (from service_names) as some

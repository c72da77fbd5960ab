-- What the columns of a file are called, over the temporary table `file`.
-- Columns: name.
select column_name as name from (describe file)

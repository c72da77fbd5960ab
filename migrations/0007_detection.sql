-- A place for the 0007 of others, so that 0008 has its number: replaced when branches are joined.
select 1;

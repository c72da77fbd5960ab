-- Not every detector has a band that follows the threshold.
alter table found add column if not exists scale double

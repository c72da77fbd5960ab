-- What is uncertain in how a source was read, and how to say what is right: which order of day,
-- month and year its dates have, where its first lines fit several.
alter table sources add column doubt varchar

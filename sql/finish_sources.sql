-- Notes the sizes of files that were read to their ends, and joins their ranges.
update sources
set file_bytes = f.file_bytes
from finished_sources f
where sources.id = f.id;
delete from positions where source in (select source from joined_positions);
insert into positions from joined_positions

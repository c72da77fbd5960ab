-- Notes where known files lie now, and how they begin now that they have grown.
update sources
set name = m.name,
    device = m.device,
    inode = m.inode,
    head_bytes = m.head_bytes,
    head_crc = m.head_crc
from moved_sources m
where sources.id = m.id

-- The files taken in before, with what they are recognised by; the newest first.
-- Columns: id, name, device, inode, head_bytes, head_crc, file_bytes.
select id, name, device, inode, head_bytes, head_crc, file_bytes
from sources
where kind = 'file'
order by id desc

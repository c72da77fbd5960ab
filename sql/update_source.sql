-- Notes where a known file lies now, and how it begins now that it has grown.
-- Parameters: id, name, device, inode, head_bytes, head_crc.
update sources
set name = $name, device = $device, inode = $inode, head_bytes = $head_bytes, head_crc = $head_crc
where id = $id

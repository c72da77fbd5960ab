-- Adds a source.
-- Parameters: id, kind, name, device, inode, head_bytes, head_crc, format, score, formats (JSON),
-- now (microseconds UTC).
insert into sources
values (
    $id, $kind, $name, $device, $inode, $head_bytes, $head_crc, $format, $score, $formats,
    null, make_timestamp($now)
)

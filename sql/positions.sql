-- How far each source has been taken in.
-- Columns: source, start_byte, end_byte, tail_byte, check_bytes, check_crc; by source and place.
select source, start_byte, end_byte, tail_byte, check_bytes, check_crc
from positions
order by source, start_byte

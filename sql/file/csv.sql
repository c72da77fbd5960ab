-- A CSV file, as it is written, so that it comes out as it went in.
-- Parameters: path.
from read_csv($path, header = true, all_varchar = true)

-- A CSV file, as it is written, so that it comes out as it went in. Folders that it lies in are no
-- columns of it, whatever they are called.
-- Parameters: path.
from read_csv($path, header = true, all_varchar = true, hive_partitioning = false)

-- A Parquet file. Folders that it lies in are no columns of it, whatever they are called.
-- Parameters: path.
from read_parquet($path, hive_partitioning = false)

-- A Parquet file.
-- Parameters: path.
from read_parquet($path)

-- Notes how far behind a source is.
-- Parameters: source, bytes, seconds, measured (microseconds UTC).
insert into lags values ($source, $bytes, $seconds, make_timestamp($measured))

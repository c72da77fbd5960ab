-- Until when values are kept now.
-- Parameters: until (minute number, exclusive).
update rolling_values_kept set until = $until::integer

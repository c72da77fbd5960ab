-- Of no minute is known whether it was unusual: that is looked at again.
delete from rolling_flagged

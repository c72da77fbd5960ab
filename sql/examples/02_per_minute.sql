-- Records per minute and level, the last two hours
select minute, level, sum(n) as records
from minutes
where minute >= (select max(minute) from minutes where plausible(minute)) - interval 2 hour
    and plausible(minute)
group by minute, level
order by minute, level

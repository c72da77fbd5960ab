-- Which bytes of each file were taken in.
select s.name, min(p.start_byte) as first, max(p.end_byte) as last,
       sum(p.end_byte - p.start_byte)::bigint as bytes
from sources s
left join positions p on p.source = s.id
where s.kind = 'file'
group by s.id, s.name

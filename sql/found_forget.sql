-- Forgets anomalies of minutes that were judged anew and are found no longer: records came late.
-- Parameters: detector, parameters (JSON), from, to (judged were from <= minute < to).
delete from anomalies a
where detector = $detector::varchar
  and parameters = $parameters::varchar
  and minute >= $from::timestamp
  and minute < $to::timestamp
  and not exists (
      from found_checked f
      where f.series = a.series and f.minute = a.minute and f.direction = a.direction
  )

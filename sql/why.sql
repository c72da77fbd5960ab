-- why: which services, hosts, levels, message texts and field values an anomaly is made of: what
-- there is more of in its minutes (of an anomaly that is too low: less of) than its past has.
--
-- Method: the difference of two group-bys. Every value is counted in the anomaly and in the
-- baseline; the baseline's count, scaled to the anomaly's length, is what was expected.
--
-- The score is the signed root of the log-likelihood ratio of two counts (Dunning 1993, "Accurate
-- methods for the statistics of surprise and coincidence"): x records in the anomaly and b in the
-- baseline, if the rate had been the same in both, would split as q to 1 - q, where q is the
-- anomaly's share of the time looked at:
--     G = 2 (x ln(x / ((x + b) q)) + b ln(b / ((x + b) (1 - q))))
-- Unlike a deviance from a fixed expectation it needs no prior for what was never seen before
-- (b = 0). Counts of logs vary more than Poisson's: the rate of anything sways by a tenth from hour
-- to hour. So the variance is mu + sway mu^2 (as the negative binomial's), and G is divided by
-- 1 + sway mu. Without it, a million records that grew by 3 % would hide the 50 that are new.
--
-- A row is returned if
--   - its score is over sqrt(min_score^2 + 2 ln m), where m is the number of values its kind (or
--     field) has: the largest of m chance deviations grows like sqrt(2 ln m);
--   - 3 records support it (of a small anomaly: a fifth): records in it, or expected ones if low;
--   - it explains at least 1 % of the excess; if it is a whole number of a field with more than 20
--     of them, at least half of it: these are quantities or ids (status codes in use are a dozen),
--     of which a single value means something only if it dominates;
--   - it is among the best of its kind or field, which may fill a quarter of the answer;
--   - it says something: what all records of both ranges have in common explains nothing, unless it
--     is their message text. Nor does the service or level that was asked for.
--
-- Message texts of one kind count as one: in the first line, at most 300 characters, quoted text,
-- UUIDs, and words with a digit in them (numbers, hex ids, addresses, versions) become <*>.
-- Fields are the top-level keys of `fields` whose values are text, true, false or whole numbers,
-- not those with more than one value in two records (ids, durations).
--
-- Cost: of more than `cap` records in the anomaly, or in the baseline, a share of them is looked at,
-- chosen by the hash of the rowid, so that the same records are chosen every time. Counts are then
-- estimates (scaled up), and scores those of the records looked at.
--
-- Parameters: from, to (UTC; the anomaly's minutes are from <= ts < to), baseline_from, baseline_to
-- (the past it is compared with; of it, only what lies after the first record there is), service
-- (null: all; '': records without a service), level (null: all; '': records without a level; else
-- exactly this one, as in series_counts), min_level (null: all; else this and above),
-- direction ('high' or 'low'), top (rows).
-- Columns: kind ('service', 'host', 'level', 'message' or 'field'), name (the field's key, else
-- null), value (null: records without a service, host or level), n (records in the anomaly),
-- expected, excess (n - expected, negative if direction is low), share (of the whole excess, 0 to 1;
-- values overlap, so shares add up only within a kind or field), score, same_as_above (exactly the
-- same records as the row before it), sample_ts, sample (a whole message: the anomaly's first such
-- record, or if it has none the baseline's last).
with settings as (
    select
        30000 as cap,           -- records; two caps of them with 30 fields each take 0.7 s on one core
        2.0 as min_score,       -- standard deviations: that something is unusual is known already
        0.01 as sway            -- variance of a rate between hours, relative: a tenth, squared
),
anomaly as not materialized (
    select rowid as id, level, service, host, ts, message, fields
    from logs
    where ts >= $from::timestamp
      and ts < $to::timestamp
      and ($service::varchar is null or coalesce(service, '') = $service::varchar)
      and ($level::varchar is null or level is not distinct from nullif($level::varchar, '')::level)
      and ($min_level::varchar is null or level >= $min_level::level)
),
baseline as not materialized (
    select rowid as id, level, service, host, ts, message, fields
    from logs
    where ts >= $baseline_from::timestamp
      and ts < $baseline_to::timestamp
      and ($service::varchar is null or coalesce(service, '') = $service::varchar)
      and ($level::varchar is null or level is not distinct from nullif($level::varchar, '')::level)
      and ($min_level::varchar is null or level >= $min_level::level)
),
-- A log that began during the baseline has less of it: before its first record nothing is missing.
baseline_start as (
    select
        if(
            exists (
                from rollups
                where minute < $baseline_from::timestamp and minute >= timestamp '1990-01-01'
            ),
            $baseline_from::timestamp,
            (
                select min(minute)
                from rollups
                where minute >= $baseline_from::timestamp and minute < $baseline_to::timestamp
            )
        ) as start
),
-- How many records there are, the share of them looked at, and how long it took them to come.
sizes as materialized (
    select
        anomaly_n,
        baseline_n,
        least(1.0, cap / greatest(anomaly_n, 1)) as anomaly_part,
        least(1.0, cap / greatest(baseline_n, 1)) as baseline_part,
        greatest(epoch($to::timestamp - $from::timestamp), 1) as anomaly_s,
        -- 0: there is no past at all.
        greatest(coalesce(epoch($baseline_to::timestamp - start), 0), 0) as baseline_s
    from
        settings,
        baseline_start,
        (select count(*) as anomaly_n from anomaly),
        (select count(*) as baseline_n from baseline)
),
-- What the baseline's counts are multiplied with to be expectations in the anomaly, and q of the
-- score, for the records looked at. Without a past q is a half: the more records, the higher.
scales as materialized (
    select
        if(baseline_s > 0, anomaly_s / baseline_s, 0) as ratio,
        if(
            baseline_s > 0,
            anomaly_s * anomaly_part / (anomaly_s * anomaly_part + baseline_s * baseline_part),
            0.5
        ) as q,
        if($direction::varchar = 'low', -1, 1) as sign,
        anomaly_n - baseline_n * ratio as excess
    from sizes
),
picked as materialized (
    select *, true as inside
    from anomaly
    where hash(id) / 18446744073709551616.0 <= (select anomaly_part from sizes)
    union all
    select *, false
    from baseline
    where hash(id) / 18446744073709551616.0 <= (select baseline_part from sizes)
),
-- One row a record and thing that can be said of it. `place` is the order among those that are
-- said of the same records.
said as (
    select 1 as place, 'message' as kind, null as name, id, inside,
        regexp_replace(
            split_part(left(message, 300), chr(10), 1),
            '"[^"]*(?:"|$)'
            || '|\B''[^'']*(?:''\B|$)'
            || '|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b'
            || '|(?:\B-)?\w*\d\w*(?:[.,:-]\w*\d\w*)*',
            '<*>', 'g'
        ) as value
    from picked
    union all
    select 2, 'service', null, id, inside, service from picked where $service::varchar is null
    union all
    select 3, 'host', null, id, inside, host from picked
    union all
    select 4, 'level', null, id, inside, level::varchar from picked where $level::varchar is null
    union all
    select 5, 'field', unnest(json_keys(fields)), id, inside,
        unnest(json_extract(fields, '$.*'))::varchar
    from picked
),
counted as (
    select
        place,
        kind,
        name,
        value,
        count(*) filter (where inside) as x,
        count(*) filter (where not inside) as b,
        bit_xor(hash(id)) as records,       -- a fingerprint of the set of them
        coalesce(min(id) filter (where inside), max(id)) as sample_id
    from said
    group by all
),
-- What has many values, and what can be chosen among them.
named as (
    select *, count(*) over of_name as m
    from counted
    where kind <> 'field'
       or regexp_full_match(value, '".{0,200}"|true|false|-?\d{1,18}')     -- as JSON spells them
    window of_name as (partition by kind, name)
    qualify kind <> 'field' or m <= 0.5 * sum(x + b) over of_name or m = 1
),
scored as (
    select
        n.*,
        x / anomaly_part as n_anomaly,
        b / baseline_part * ratio as expected,
        sign * (n_anomaly - expected) as gain,
        2 * (
            if(x > 0, x * ln(x / ((x + b) * q)), 0)
            + if(b > 0, b * ln(b / ((x + b) * (1 - q))), 0)
        ) as g,
        -- Rounding can take the 0 of equal rates below it.
        sqrt(greatest(g, 0) / (1 + sway * (x + b) * q)) as score
    from named n, sizes, scales, settings
    where kind = 'message'
       or (b = 0 and value is not null)
       or (x, b) <> (
           select (count(*) filter (where inside), count(*) filter (where not inside)) from picked
       )
),
-- The whole excess is that of all records; or, where some came instead of others, what came.
explaining as (
    select s.*, gain / greatest(sign * excess, sum(gain) over (partition by kind, name)) as share
    from scored s, sizes, scales, settings
    where gain > 0
      and score >= sqrt(min_score ** 2 + 2 * ln(m))
      and if(
          sign > 0,
          x >= least(3, 0.2 * anomaly_n),
          b * ratio / baseline_part * anomaly_part >= least(3, 0.2 * baseline_n * ratio)
      )
    qualify share >= if(name is not null and m > 20 and value not like '"%', 0.5, 0.01)
),
-- Values of exactly the same records say the same: one of them, a message text if there is one,
-- comes first, and the others are left out before anything else is.
folded as (
    select *, row_number() over (partition by x, b, records order by place, name, value) as nth
    from explaining
    qualify row_number() over (partition by kind, name order by score desc, value)
        <= ceil($top::bigint / 4)
),
best as (
    from folded
    order by nth > 1, score desc, records, place, name, value
    limit $top::bigint
)
select
    kind,
    name,
    if(kind = 'field', value::json ->> '$', value) as value,
    round(n_anomaly)::bigint as n,
    round(expected, 2) as expected,
    round(n_anomaly - expected, 2) as excess,
    round(share, 3) as share,
    round(best.score, 2) as score,
    nth > 1 as same_as_above,
    p.ts as sample_ts,
    p.message as sample
from best
join picked p on p.id = sample_id
order by best.score desc, x, b, records, nth

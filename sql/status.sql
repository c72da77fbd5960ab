-- The whole in numbers, from counts.
-- Columns: records, rejects, sources, alerts_open, mail_pending, mail_failed, mail_error, first,
-- last (event times, microseconds UTC; without those that are implausible).
select
    i.*,
    (select count(*) from sources) as sources,
    (select count(distinct incident) from alerts where closed is null) as alerts_open,
    d.*
from
    (
        select
            coalesce(sum(records), 0)::bigint as records,
            coalesce(sum(rejects), 0)::bigint as rejects,
            epoch_us(min(first_ts)) as first,
            epoch_us(max(last_ts)) as last
        from intake
    ) i,
    (
        select
            count(*) filter (where state = 'pending') as mail_pending,
            count(*) filter (where state = 'failed') as mail_failed,
            arg_max(last_error, created) filter (where state <> 'sent') as mail_error
        from deliveries
    ) d

-- Of the minutes found, those that a budget of false alarms lets through. Series that are unusual in
-- the same minute speak for each other: of k of them, each may be k times as likely to be by chance
-- (Benjamini & Hochberg, Controlling the false discovery rate, 1995). Of one alone this is a threshold.
-- Over the temporary table `found`, with scores in standard deviations.
-- Parameters: chance (how likely an alarm by chance may be, for a series and minute).
create or replace temporary table found as
with ranked as (
    select *, row_number() over (partition by minute order by score desc, series) as rank
    from found
),
passed as (
    select
        *,
        max(rank) filter (where normal_tail(score) <= rank * $chance::double)
            over (partition by minute) as last
    from ranked
)
select * exclude (rank, last) from passed where rank <= last

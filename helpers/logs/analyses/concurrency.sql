-- Requests in flight by time, and whether they came faster than they were answered
-- $bucket_s: seconds of a bucket; a log line is written when the request ends, so it began duration_ms earlier
-- returns: at (UTC), arrivals, completions, most and mean in flight, left (in flight at the bucket's end), mean_ms of the completed;
--   buckets in which nothing began or ended are left out, but for the one after
with spans as (
    select epoch_us(timestamp) - cast(round(duration_ms * 1000) as bigint) as began_us, epoch_us(timestamp) as ended_us, duration_ms
    from entries
    where http_response_status_code is not null and duration_ms >= 0 and timestamp is not null
), marks as (
    select duration_ms, kind, case when kind in (1, 3, 4) then began_us else ended_us end as at_us from spans
    cross join (values (1), (2), (3), (4), (5), (6)) as kinds(kind) -- it begins, it ends, and the edges of the buckets that it does so in
), steps as (
    select case when kind in (1, 2) then at_us when kind in (3, 5) then (at_us // us_of($bucket_s)) * us_of($bucket_s)
            else (at_us // us_of($bucket_s) + 1) * us_of($bucket_s) end as at_us,
        case when kind = 1 then 1 else 0 end as arrived, case when kind = 2 then 1 else 0 end as completed, case when kind = 2 then duration_ms else 0 end as took
    from marks
), instants as (
    select at_us, sum(arrived) as arrived, sum(completed) as completed, sum(took) as took from steps group by at_us
), flow as (
    select at_us, at_us // us_of($bucket_s) as bucket, arrived, completed, took,
        sum(arrived - completed) over (order by at_us rows between unbounded preceding and current row) as busy, lead(at_us) over (order by at_us) as next_us
    from instants
), weighed as (
    select *, busy * (least(coalesce(next_us, at_us), (bucket + 1) * us_of($bucket_s)) - at_us) as worked,
        row_number() over (partition by bucket order by at_us desc) as nth_last
    from flow
)
select utc_of(bucket * us_of($bucket_s)) as at, cast(sum(arrived) as bigint) as arrivals, cast(sum(completed) as bigint) as completions,
    cast(max(busy) as bigint) as most, sum(worked) * 1.0e0 / us_of($bucket_s) as mean, cast(max(case when nth_last = 1 then busy end) as bigint) as "left",
    sum(took) / nullif(sum(completed), 0) as mean_ms
from weighed
group by bucket
order by bucket

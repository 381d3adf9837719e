-- How many requests were being served at once
-- $bucket_s: seconds of a bucket; a log line is written when the request ends, so it began duration_ms earlier
-- returns: at (UTC), most (the most at once in the bucket), mean, arrivals
with spans as (
    select epoch_ms(timestamp)::double - duration_ms as began, epoch_ms(timestamp)::double as ended
    from entries
    where http_response_status_code is not null and duration_ms is not null and timestamp is not null
), steps as (
    select began as at_ms, 1 as step, 0 as busy from spans union all select ended, -1, 0 from spans
), counted as (
    select at_ms, step, sum(step) over (order by at_ms, step rows unbounded preceding) as busy from steps
)
select time_bucket(to_seconds($bucket_s), make_timestamp((at_ms * 1000)::bigint)) as at, max(busy) as most,
    count(*) filter (where step = 1) as arrivals
from counted
group by 1
order by 1

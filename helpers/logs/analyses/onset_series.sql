-- Requests that went wrong, by time: what onset detection looks at
-- $bucket_s: seconds of a bucket; $slow_ms: slower than this is wrong too, 0: only failures (5xx) are
-- returns: at (UTC), requests, wrong; buckets without requests are left out
with counted as (
    select epoch_us(timestamp) // us_of($bucket_s) as bucket, count(*) as requests,
        count(*) filter (where http_response_status_code >= 500 or ($slow_ms > 0 and duration_ms > $slow_ms)) as wrong
    from entries
    where http_response_status_code is not null and timestamp is not null
    group by 1
)
select utc_of(bucket * us_of($bucket_s)) as at, requests, wrong from counted order by bucket

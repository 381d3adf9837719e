-- Requests, errors and latency by time and route
-- $bucket_s: seconds of a bucket
-- returns: at (UTC), route, requests, errors (5xx), error_pct, p50_ms, p95_ms, p99_ms (NULL where no duration was logged)
with counted as (
    select epoch_us(timestamp) // us_of($bucket_s) as bucket, route_of(http_route, url_path) as route, count(*) as requests,
        count(*) filter (where http_response_status_code >= 500) as errors, quantile_cont(duration_ms, [0.5, 0.95, 0.99]) as took
    from entries
    where http_response_status_code is not null
    group by 1, 2
)
select utc_of(bucket * us_of($bucket_s)) as at, route, requests, errors, errors * 100.0e0 / requests as error_pct,
    took[1] as p50_ms, took[2] as p95_ms, took[3] as p99_ms
from counted
order by bucket nulls last, route nulls last

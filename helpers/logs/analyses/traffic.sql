-- Requests, errors and latency by time and route
-- $bucket_s: seconds of a bucket
-- returns: at (UTC), route, requests, errors (5xx), error_pct, p50_ms, p95_ms, p99_ms (NULL where no duration was logged)
select time_bucket(to_seconds($bucket_s), timestamp at time zone 'UTC') as at,
    coalesce(nullif(http_route, ''), template_of(url_path)) as route,
    count(*) as requests,
    count(*) filter (where http_response_status_code >= 500) as errors,
    100.0 * count(*) filter (where http_response_status_code >= 500) / count(*) as error_pct,
    quantile_cont(duration_ms, 0.5) as p50_ms, quantile_cont(duration_ms, 0.95) as p95_ms, quantile_cont(duration_ms, 0.99) as p99_ms
from entries
where http_response_status_code is not null
group by all
order by all

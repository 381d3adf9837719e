-- Routes by the time users spent in them
-- returns: route, requests, errors (5xx), error_pct, p50_ms, p95_ms, max_ms, total_s; the most time first
with counted as (
    select route_of(http_route, url_path) as route, count(*) as requests, count(*) filter (where http_response_status_code >= 500) as errors,
        quantile_cont(duration_ms, [0.5, 0.95]) as took, max(duration_ms) as max_ms, sum(duration_ms) / 1000 as total_s
    from entries
    where http_response_status_code is not null
    group by 1
)
select route, requests, errors, errors * 100.0e0 / requests as error_pct, took[1] as p50_ms, took[2] as p95_ms, max_ms, total_s
from counted
order by total_s desc nulls last, requests desc, route nulls last

-- Routes by the time users spent in them
-- returns: route, requests, errors (5xx), error_pct, p50_ms, p95_ms, max_ms, total_s; the most time first
select coalesce(nullif(http_route, ''), template_of(url_path)) as route,
    count(*) as requests,
    count(*) filter (where http_response_status_code >= 500) as errors,
    100.0 * count(*) filter (where http_response_status_code >= 500) / count(*) as error_pct,
    quantile_cont(duration_ms, 0.5) as p50_ms, quantile_cont(duration_ms, 0.95) as p95_ms, max(duration_ms) as max_ms,
    sum(duration_ms) / 1000 as total_s
from entries
where http_response_status_code is not null
group by all
order by total_s desc nulls last, requests desc, route

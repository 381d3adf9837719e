-- Two versions side by side, route by route
-- $before, $after: values of service_version or deployment_id
-- returns: route, requests, error_pct and p95_ms of each version, and p95_ratio (after ÷ before); the most changed first
with named as (
    select route_of(http_route, url_path) as route, http_response_status_code as status, duration_ms,
        case when $before in (service_version, deployment_id) then 'before' when $after in (service_version, deployment_id) then 'after' end as side
    from entries
    where http_response_status_code is not null
), counted as (
    select route, count(*) filter (where side = 'before') as requests_before, count(*) filter (where side = 'after') as requests_after,
        count(*) filter (where side = 'before' and status >= 500) as errors_before,
        count(*) filter (where side = 'after' and status >= 500) as errors_after,
        quantile_cont(duration_ms, 0.95) filter (where side = 'before') as p95_ms_before,
        quantile_cont(duration_ms, 0.95) filter (where side = 'after') as p95_ms_after
    from named
    where side is not null
    group by route
)
select route, requests_before, requests_after, errors_before * 100.0e0 / nullif(requests_before, 0) as error_pct_before,
    errors_after * 100.0e0 / nullif(requests_after, 0) as error_pct_after, p95_ms_before, p95_ms_after, p95_ms_after / nullif(p95_ms_before, 0) as p95_ratio
from counted
order by abs(ln(nullif(p95_ms_after / nullif(p95_ms_before, 0), 0))) desc nulls last, route nulls last

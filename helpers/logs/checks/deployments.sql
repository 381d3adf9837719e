-- Each version on each route: since when, its requests, failures and percentiles, and its latest samples in order
-- needs: the view `entries`; $route (empty: all), $most samples
-- source: OpenTelemetry, service.version; Vercel, log drains, deploymentId
with asked as (
    select timestamp at time zone 'UTC' as moment, coalesce(http_request_method, '') as method, route_of(http_route, url_path) as route,
        coalesce(nullif(service_version, ''), nullif(deployment_id, ''), '') as version, http_response_status_code >= 500 as failed, duration_ms
    from entries
    where http_response_status_code is not null and timestamp is not null
), mine as (
    select *, row_number() over (partition by method, route, version order by moment desc) as latest,
        row_number() over (partition by method, route, version order by moment) as earliest
    from asked
    where route <> '' and ($route = '' or $route in (route, method || ' ' || route))
)
select trim(method || ' ' || route) as route, version, min(moment) as first_at, max(moment) as last_at, count(*) as requests,
    count(*) filter (where failed) as errors, quantile_cont(duration_ms, 0.5) as p50_ms, quantile_cont(duration_ms, 0.95) as p95_ms,
    list({'at': epoch(moment), 'ms': coalesce(duration_ms, 0), 'failed': failed} order by moment) filter (where latest <= $most or earliest <= $most) as samples
from mine
group by method, mine.route, version
order by route, first_at

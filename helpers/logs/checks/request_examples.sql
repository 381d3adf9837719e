-- Routes with requests that a probe may send again: how often, how they end, how long they take, and an example
-- needs: the view `entries`; $most
-- source: OpenTelemetry semantic conventions, http.route, http.response.status_code
with asked as (
    select http_request_method as method, route_of(http_route, url_path) as route, http_response_status_code as status, duration_ms,
        url_path || case when coalesce(url_query, '') = '' then '' else '?' || url_query end as target,
        timestamp >= max(timestamp) over () - interval 30 seconds as lately,
        upper(cache_status) in ('HIT', 'STALE', 'REVALIDATED') and not regexp_matches(url_path, '\.\w{1,6}$') as kept
    from entries
    where http_response_status_code is not null and http_request_method = 'GET' and url_path is not null
)
select method, route, count(*) as requests, count(*) filter (status >= 500) as failed,
    count(*) filter (status >= 500 and lately) as failed_lately,
    quantile_cont(duration_ms, 0.95) as p95_ms, coalesce(sum(duration_ms), 0) as total_ms,
    coalesce(arg_min(target, (length(target), target)) filter (status >= 500), '') as failing_example,
    coalesce(arg_max(target, (lately, duration_ms)) filter (status < 400), arg_max(target, lately) filter (status < 400), arg_max(target, duration_ms), any_value(target)) as slow_example,
    count(*) filter (status < 400) as succeeded, count(*) filter (lately and status < 400) as requests_lately, quantile_cont(duration_ms, 0.95) filter (lately and status < 400) as p95_ms_lately,
    avg(duration_ms) filter (lately and status < 400) as mean_ms_lately, count(*) filter (lately and kept and status < 400) as kept_lately
from asked
group by all
order by total_ms desc, requests desc, route
limit $most

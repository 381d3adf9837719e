-- Each route: its requests, errors, percentiles, and its p95 by time in 30 steps; the one that took most time first
-- needs: the view `entries`
-- source: time spent is requests × mean, what a route costs its users together
with asked as (
    select timestamp at time zone 'UTC' as moment, concat_ws(' ', http_request_method, coalesce(route_of(http_route, url_path), '(no route)')) as route,
        http_response_status_code as status, duration_ms
    from entries
    where http_response_status_code is not null and timestamp is not null
), span as (
    select min(moment) as first, greatest(1, ceil(epoch(max(moment) - min(moment)) / 30)) as bucket_s from asked
), placed as (
    select asked.*, cast(epoch(moment - first) // bucket_s as integer) as place from asked cross join span
), steps as (
    select route, place, quantile_cont(duration_ms, 0.95) as p95_ms from placed group by all
), lines as (
    select route, list(place order by place) as places, list(p95_ms order by place) as p95s from steps group by route
)
select placed.route, count(*) as requests, count(*) filter (where status >= 500) as errors, sum(duration_ms) as spent_ms,
    quantile_cont(duration_ms, 0.5) as p50_ms, quantile_cont(duration_ms, 0.95) as p95_ms, any_value(places) as places, any_value(p95s) as p95s
from placed join lines using (route)
group by placed.route
order by spent_ms desc nulls last, placed.route
limit 40

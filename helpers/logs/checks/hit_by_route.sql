-- Each route before and after a moment: requests, failures, those that went wrong, p95, and whom it hit
-- needs: the view `entries`; $at: the moment (UTC); $only_failed: whether being slow is not wrong
-- source: as hit_by_time.sql
with asked as (
    select timestamp at time zone 'UTC' >= $at as later, route_of(http_route, url_path) as route,
        http_response_status_code >= 500 as is_failed, duration_ms, coalesce(tenant_id, client_address) as who
    from entries
    where http_response_status_code is not null and timestamp is not null
), usual as (
    select route, quantile_cont(duration_ms, 0.25) as usual_ms from asked group by route
), judged as (
    select asked.*, is_failed or (not $only_failed and coalesce(duration_ms > 4 * usual_ms, false)) as is_wrong
    from asked left join usual on asked.route is not distinct from usual.route
)
select coalesce(route, '(no route)') as route, count(*) filter (where later) as requests,
    100.0 * count(*) filter (where is_failed and not later) / nullif(count(*) filter (where not later), 0) as failed_pct_before,
    100.0 * count(*) filter (where is_failed and later) / nullif(count(*) filter (where later), 0) as failed_pct,
    quantile_cont(duration_ms, 0.95) filter (where not later) as p95_ms_before,
    quantile_cont(duration_ms, 0.95) filter (where later) as p95_ms,
    count(distinct who) filter (where later and is_wrong) as who_hit,
    100.0 * count(*) filter (where is_wrong and not later) / nullif(count(*) filter (where not later), 0) as wrong_pct_before,
    100.0 * count(*) filter (where is_wrong and later) / nullif(count(*) filter (where later), 0) as wrong_pct,
    count(*) filter (where is_wrong and later) as wrong
from judged
group by all
order by wrong desc, route

-- Requests by route and version, and those whose input was rejected
-- needs: the view `entries`; $route (empty: all)
-- source: RFC 9110, 15.5.1 and 15.5.21: 400 and 422 say that the request itself is wrong; 401, 403 and 404 say something else
with asked as (
    select timestamp at time zone 'UTC' as moment, coalesce(http_request_method, '') as method, route_of(http_route, url_path) as route,
        coalesce(nullif(service_version, ''), nullif(deployment_id, ''), '') as version, http_response_status_code in (400, 422) as rejected
    from entries
    where http_response_status_code is not null and timestamp is not null
)
select method, route, version, count(*) as requests, count(*) filter (where rejected) as rejections, min(moment) as first_at,
    min(moment) filter (where rejected) as rejected_at, max(moment) filter (where rejected) as rejected_last_at
from asked
where route <> '' and ($route = '' or $route in (route, method || ' ' || route))
group by all
order by method, route, first_at

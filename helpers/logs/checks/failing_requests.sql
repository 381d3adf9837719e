-- Requests of the route that failed most, failed and not, with what was asked
-- needs: the view `entries`; $route (empty: the one with the most answers of 500 and above), $most
-- source: OpenTelemetry semantic conventions, http.response.status_code
with asked as (
    select timestamp, http_request_method as method, route_of(http_route, url_path) as route, url_path, coalesce(url_query, '') as url_query,
        http_response_status_code as status, coalesce(nullif(service_version, ''), deployment_id, '') as version, request_id
    from entries
    where http_response_status_code is not null
), worst as (
    select method, route from asked
    where ($route = '' or $route in (route, method || ' ' || route)) and status >= 500
    group by all order by count(*) desc, route limit 1
)
select asked.timestamp at time zone 'UTC' as moment, asked.method, asked.route, url_path, url_query, status, version, request_id
from asked join worst on asked.route is not distinct from worst.route and asked.method is not distinct from worst.method
order by status >= 500 desc, moment desc
limit $most

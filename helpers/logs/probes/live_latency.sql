-- Duration, moment and status of the requests of a route that ended since a moment
-- needs: the view `entries`; $began (UTC), $method and $route (empty: any), $most
-- source: OpenTelemetry semantic conventions, http.server.request.duration
select duration_ms, epoch(timestamp at time zone 'UTC' - $began) as at_s, http_response_status_code
from entries
where duration_ms is not null and http_response_status_code is not null and timestamp at time zone 'UTC' >= $began
    and ($method = '' or http_request_method = $method)
    and ($route = '' or route_of(http_route, url_path) = $route or http_route = $route or url_path = $route)
order by timestamp
limit $most

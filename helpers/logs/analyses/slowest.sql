-- The slowest requests
-- $count: how many
-- returns: timestamp, http_request_method, url_path, http_response_status_code, duration_ms, request_id; the slowest first
select timestamp at time zone 'UTC' as timestamp, http_request_method, url_path, http_response_status_code, duration_ms, request_id
from entries
where duration_ms is not null
order by duration_ms desc, timestamp, request_id
limit $count

-- The slowest requests
-- $count: how many
-- returns: timestamp (UTC), http_request_method, url_path, http_response_status_code, duration_ms, request_id; the slowest first
select utc_of(epoch_us(timestamp)) as timestamp, http_request_method, url_path, http_response_status_code, duration_ms, request_id
from entries
where duration_ms is not null
order by duration_ms desc, epoch_us(timestamp) nulls last, request_id nulls last
limit $count

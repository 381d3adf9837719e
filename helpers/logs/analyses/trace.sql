-- One request, followed through every log by its id
-- $id: request id, trace id, or a word in the statement's comment or application_name
-- returns: timestamp (UTC), system, severity_text, body, http_response_status_code, duration_ms, db_query_text, error_type; in order of time
select timestamp at time zone 'UTC' as timestamp, coalesce(db_system_name, service_name, 'api') as system, severity_text, body,
    http_request_method, url_path, http_response_status_code, duration_ms, db_query_text, error_type, exception_stacktrace
from entries
where request_id = $id or trace_id = $id or application_name = $id or contains(db_query_text, $id) or contains(body, $id)
order by timestamp nulls last, duration_ms nulls last

-- One request, followed through every log by its id
-- $id: request id or trace id; found as such, as application_name, and as a word of a statement, its comment or a message
-- returns: timestamp (UTC; when it was logged, which is when it ended), system, offset_ms (from the first beginning), duration_ms, severity_text,
--   body, http_request_method, url_path, http_response_status_code, db_query_text, error_type, exception_stacktrace; in order of their beginning
with named as (
    select distinct trace_id from entries where request_id = $id and trace_id <> ''
), met as (
    select e.*, epoch_us(e.timestamp) - cast(round(coalesce(e.duration_ms, 0) * 1000) as bigint) as began_us
    from entries as e
    left join named as n on e.trace_id = n.trace_id or says(e.db_query_text, n.trace_id) or says(e.body, n.trace_id)
    where n.trace_id is not null or e.request_id = $id or e.trace_id = $id or e.application_name = $id or says(e.db_query_text, $id) or says(e.body, $id)
)
select distinct utc_of(epoch_us(timestamp)) as timestamp, coalesce(nullif(db_system_name, ''), nullif(service_name, ''), 'api') as system,
    (began_us - min(began_us) over ()) / 1000.0e0 as offset_ms, duration_ms, severity_text, body, http_request_method, url_path,
    http_response_status_code, db_query_text, error_type, exception_stacktrace
from met
order by offset_ms nulls last, duration_ms desc nulls last, system, body nulls last

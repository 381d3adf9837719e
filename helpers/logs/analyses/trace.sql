-- One request, followed through every log by its id
-- $id: request id (of one retried under several trace ids, two of these are followed) or trace id; found as such, as application_name, and as a word of a statement, its comment or a message
-- returns: timestamp (UTC; when it was logged, which is when it ended), system, offset_ms (from the first beginning), duration_ms, severity_text,
--   body, http_request_method, url_path, http_response_status_code, db_query_text, error_type, exception_stacktrace; in order of their beginning
with named as (
    select min(trace_id) as a_trace, max(trace_id) as other_trace from entries where request_id = $id and trace_id <> ''
), met as (
    select e.*, epoch_us(e.timestamp) - cast(round(coalesce(e.duration_ms, 0) * 1000) as bigint) as began_us
    from entries as e cross join named as n
    where e.request_id = $id or e.trace_id in ($id, n.a_trace, n.other_trace) or e.application_name = $id
        or says(e.db_query_text, $id) or says(e.body, $id) or says(e.db_query_text, n.a_trace) or says(e.body, n.a_trace)
        or says(e.db_query_text, n.other_trace) or says(e.body, n.other_trace)
)
select utc_of(epoch_us(timestamp)) as timestamp, coalesce(nullif(db_system_name, ''), nullif(service_name, ''), 'api') as system,
    (began_us - min(began_us) over ()) / 1000.0e0 as offset_ms, duration_ms, severity_text, body, http_request_method, url_path,
    http_response_status_code, db_query_text, error_type, exception_stacktrace
from met
order by offset_ms nulls last, duration_ms desc nulls last, system, body nulls last, db_query_text nulls last

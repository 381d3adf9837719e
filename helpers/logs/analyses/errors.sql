-- Error fingerprints: what failed, grouped by type and by the message without its values
-- returns: fingerprint, error_type, message (of the first), count, first_at, last_at (UTC), requests (distinct ids), route; the most frequent first
with failed as (
    select timestamp, request_id, coalesce(nullif(http_route, ''), template_of(url_path)) as route,
        coalesce(error_type, db_response_status_code, regexp_extract(exception_stacktrace, '(?m)^(?:[\w]+\.)*(\w+(?:Error|Exception|Warning|Exit|Interrupt|Timeout)\w*)(?::|$)', 1), '') as error_type,
        coalesce(exception_message, nullif(regexp_extract(exception_stacktrace, '(?m)^(?:[\w.]+): (.*)$', 1), ''), body, '') as message,
        array_to_string(list_slice(regexp_extract_all(coalesce(exception_stacktrace, ''), '(?:File "([^"]*)", line \d+, in (?:\S+)|at [^\n]*\(([^)]*):\d+:\d+\))', 0), -3, -1), ' < ') as frames
    from entries
    where severity_text in ('ERROR', 'CRITICAL', 'FATAL', 'PANIC') or exception_stacktrace is not null or error_type is not null
), printed as (
    select *, regexp_replace(regexp_replace(message, '''[^'']*''|"[^"]*"', '?', 'g'), '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|[0-9]+', '?', 'g') as shape,
        regexp_replace(frames, 'line \d+|:\d+', '', 'g') as place
    from failed
)
select left(md5(concat_ws('|', error_type, shape, place)), 12) as fingerprint, error_type, first(message order by timestamp, message) as message,
    count(*) as count, min(timestamp at time zone 'UTC') as first_at, max(timestamp at time zone 'UTC') as last_at,
    count(distinct request_id) as requests, mode(route) as route
from printed
group by error_type, shape, place
order by count desc, fingerprint

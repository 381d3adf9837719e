-- Error fingerprints: what failed, grouped by type, message without its values, and the nearest frames of own code
-- returns: fingerprint, error_type, message (of the first, at most 300 characters), count, first_at, last_at (UTC; new since first_at when the logs
--   begin earlier), first_version (that of the first), requests (distinct ids), route (the most frequent), frames; the most frequent first
with failed as (
    select epoch_us(timestamp) as at_us, request_id, route_of(http_route, url_path) as route, error_type, db_response_status_code, exception_message, body,
        coalesce(nullif(service_version, ''), deployment_id) as version, trace_of(coalesce(exception_stacktrace, body, '')) as trace
    from entries
    where severity_text in ('ERROR', 'CRITICAL', 'FATAL', 'PANIC') or exception_stacktrace is not null or error_type is not null
), described as (
    select *, coalesce(nullif(error_type, ''), db_response_status_code, class_of(trace), '') as kind, place_of(trace) as frames,
        left(coalesce(nullif(exception_message, ''), said_by(trace), regexp_extract(body, '\A[^\n]*', 0), ''), 300) as message
    from failed
), printed as (
    select *, shape_of(message) as shape, left(md5(kind || '|' || shape_of(message) || '|' || frames), 12) as fingerprint from described
), placed as (
    select *, row_number() over (partition by fingerprint order by at_us nulls last, message, version nulls last) as nth,
        count(route) over (partition by fingerprint, route) as of_route
    from printed
), ranked as (
    select *, row_number() over (partition by fingerprint order by of_route desc, route nulls last) as nth_route from placed
)
select fingerprint, max(kind) as error_type, max(case when nth = 1 then message end) as message, count(*) as count, utc_of(min(at_us)) as first_at,
    utc_of(max(at_us)) as last_at, max(case when nth = 1 then version end) as first_version, count(distinct request_id) as requests,
    max(case when nth_route = 1 then route end) as route, max(frames) as frames
from ranked
group by fingerprint
order by count(*) desc, fingerprint

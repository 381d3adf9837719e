-- What went wrong before and after a moment, by each value of each dimension
-- $at: the moment (UTC); $slow_ms: slower than this is wrong too, 0: only failures (5xx) are
-- returns: dimension, value, requests_before, wrong_before, requests_after, wrong_after; the 200 values with most wrong requests afterwards
with judged as (
    select timestamp at time zone 'UTC' >= $at as later, http_response_status_code >= 500 or ($slow_ms > 0 and duration_ms > $slow_ms) as is_wrong,
        [
            {'dimension': 'http_route', 'value': coalesce(nullif(http_route, ''), template_of(url_path))},
            {'dimension': 'http_request_method', 'value': http_request_method},
            {'dimension': 'service_name', 'value': service_name},
            {'dimension': 'service_version', 'value': service_version},
            {'dimension': 'deployment_id', 'value': deployment_id},
            {'dimension': 'cloud_region', 'value': cloud_region},
            {'dimension': 'host_name', 'value': host_name},
            {'dimension': 'tenant_id', 'value': tenant_id},
            {'dimension': 'user_agent_original', 'value': user_agent_original},
            {'dimension': 'cache_status', 'value': cache_status}
        ] as parts
    from entries
    where http_response_status_code is not null and timestamp is not null
), apart as (
    select later, coalesce(is_wrong, false) as is_wrong, unnest(parts, recursive := true) from judged
)
select dimension, value, count(*) filter (where not later) as requests_before, count(*) filter (where not later and is_wrong) as wrong_before,
    count(*) filter (where later) as requests_after, count(*) filter (where later and is_wrong) as wrong_after
from apart
where value is not null
group by dimension, value
order by wrong_after desc, dimension, value
limit 200

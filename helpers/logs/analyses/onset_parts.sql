-- What went wrong before and after a moment, by each value of each dimension
-- $at_us: the moment, in microseconds since 1970; $slow_ms: slower than this is wrong too, 0: only failures (5xx) are
-- a 5xx status is what went wrong, and explains nothing: of the statuses the others count
-- returns: dimension, value, requests_before, wrong_before, requests_after, wrong_after; the 200 values with most wrong requests afterwards
with judged as (
    select epoch_us(timestamp) >= $at_us as later, coalesce(http_response_status_code >= 500 or ($slow_ms > 0 and duration_ms > $slow_ms), false) as is_wrong,
        route_of(http_route, url_path) as route,
        case when http_response_status_code < 500 then cast(http_response_status_code as varchar) end as status, *
    from entries
    where http_response_status_code is not null and timestamp is not null
), apart as (
    select d.dimension, j.later, j.is_wrong, case d.dimension when 'http_route' then j.route when 'http_request_method' then j.http_request_method
        when 'http_response_status_code' then j.status when 'service_name' then j.service_name when 'service_version' then j.service_version
        when 'deployment_id' then j.deployment_id when 'cloud_region' then j.cloud_region when 'host_name' then j.host_name
        when 'tenant_id' then j.tenant_id when 'user_agent_original' then j.user_agent_original when 'cache_status' then j.cache_status end as value
    from judged as j
    cross join (values ('http_route'), ('http_request_method'), ('http_response_status_code'), ('service_name'), ('service_version'), ('deployment_id'),
        ('cloud_region'), ('host_name'), ('tenant_id'), ('user_agent_original'), ('cache_status')) as d(dimension)
)
select dimension, value, count(*) filter (where not later) as requests_before, count(*) filter (where not later and is_wrong) as wrong_before,
    count(*) filter (where later) as requests_after, count(*) filter (where later and is_wrong) as wrong_after
from apart
where value is not null
group by dimension, value
order by wrong_after desc, dimension, value
limit 200

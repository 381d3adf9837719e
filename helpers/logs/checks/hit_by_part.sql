-- Requests that went wrong before and after a moment, by tenant, version, deployment, region and host; and of all: how many tenants and clients
-- needs: the view `entries`; $at: the moment (UTC); $only_failed: whether being slow is not wrong
-- source: as hit_by_time.sql; the dimension is empty in the row of all requests
with asked as (
    select timestamp at time zone 'UTC' >= $at as later, route_of(http_route, url_path) as route, http_response_status_code >= 500 as is_failed,
        duration_ms, tenant_id, service_version, deployment_id, cloud_region, host_name, client_address
    from entries
    where http_response_status_code is not null and timestamp is not null
), usual as (
    select route, quantile_cont(duration_ms, 0.25) as usual_ms from asked group by route
), judged as (
    select asked.*, is_failed or (not $only_failed and coalesce(duration_ms > 4 * usual_ms, false)) as is_wrong
    from asked left join usual on asked.route is not distinct from usual.route
)
select case when grouping(tenant_id) = 0 then 'tenant_id' when grouping(service_version) = 0 then 'service_version'
        when grouping(deployment_id) = 0 then 'deployment_id' when grouping(cloud_region) = 0 then 'cloud_region'
        when grouping(host_name) = 0 then 'host_name' else '' end as dimension,
    coalesce(tenant_id, service_version, deployment_id, cloud_region, host_name) as value,
    count(*) filter (where not later) as requests_before, count(*) filter (where not later and is_wrong) as wrong_before,
    count(*) filter (where later) as requests_after, count(*) filter (where later and is_wrong) as wrong_after,
    count(distinct tenant_id) filter (where later and is_wrong) as tenants_hit, count(distinct tenant_id) filter (where later) as tenants,
    count(distinct client_address) filter (where later and is_wrong) as clients_hit, count(distinct client_address) filter (where later) as clients
from judged
group by grouping sets ((tenant_id), (service_version), (deployment_id), (cloud_region), (host_name), ())
having dimension = '' or value is not null
order by wrong_after desc, dimension, value
limit 1000

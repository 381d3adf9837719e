-- Requests by time, and how many of them went wrong: failed (5xx), or took more than four times what the quickest quarter of their route takes
-- needs: the view `entries`
-- source: the quickest quarter stays what is usual while up to three quarters of the requests are slow
with asked as (
    select timestamp at time zone 'UTC' as moment, route_of(http_route, url_path) as route,
        http_response_status_code >= 500 as is_failed, duration_ms
    from entries
    where http_response_status_code is not null and timestamp is not null
), usual as (
    select route, quantile_cont(duration_ms, 0.25) as usual_ms from asked group by route
), span as (
    select greatest(1, ceil(epoch(max(moment) - min(moment)) / 60)) as bucket_s from asked
)
select time_bucket(to_seconds(bucket_s), moment) as at, count(*) as requests,
    count(*) filter (where is_failed or duration_ms > 4 * usual_ms) as wrong, count(*) filter (where is_failed) as failed
from asked left join usual on asked.route is not distinct from usual.route cross join span
group by all
order by all

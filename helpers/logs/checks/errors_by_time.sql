-- Requests and errors by time, in 60 steps, with the versions that answered
-- needs: the view `entries`
-- source: 5xx are the server's errors, 4xx its clients' (RFC 9110)
with asked as (
    select timestamp at time zone 'UTC' as moment, http_response_status_code as status,
        coalesce(nullif(service_version, ''), nullif(deployment_id, '')) as version
    from entries
    where http_response_status_code is not null and timestamp is not null
), span as (
    select greatest(1, ceil(epoch(max(moment) - min(moment)) / 60)) as bucket_s from asked
)
select time_bucket(to_seconds(bucket_s), moment) as at, bucket_s, count(*) as requests, count(*) filter (where status >= 500) as errors,
    count(*) filter (where status between 400 and 499) as client_errors, list_sort(list(distinct version)) as versions
from asked cross join span
group by all
order by all

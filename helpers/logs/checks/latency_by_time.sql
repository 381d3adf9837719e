-- How many requests took how long, by time: time in 60 steps, durations in five steps a power of ten
-- needs: the view `entries`
-- source: a latency heat map (Gregg, "Visualizing System Latency", ACM Queue 2010)
with timed as (
    select timestamp at time zone 'UTC' as moment, greatest(duration_ms, 0.01) as took_ms
    from entries
    where http_response_status_code is not null and timestamp is not null and duration_ms >= 0
), span as (
    select greatest(1, ceil(epoch(max(moment) - min(moment)) / 60)) as bucket_s from timed
)
select time_bucket(to_seconds(bucket_s), moment) as at, bucket_s, cast(floor(5 * log10(took_ms)) as integer) as step, count(*) as requests
from timed cross join span
group by all
order by all

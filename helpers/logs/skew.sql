-- When each source saw each request: pairs of sources that logged the same id
-- $parts: one id in so many is looked at
-- seen: the entries with their source and its rank (0 in front, 1 application, 2 database), named by the caller
-- returns: kind, one, other, rank_one, rank_other, and of both began, ended (ms since the epoch) and timed (a duration was logged)
with marked as (
    select unnest([{'kind': 'request_id', 'id': request_id}, {'kind': 'trace_id', 'id': trace_id}], recursive := true), source, rank,
        epoch_us(timestamp) / 1000.0 as at_ms, duration_ms
    from seen
    where timestamp is not null and (request_id is not null or trace_id is not null)
), spans as (
    select kind, id, source, min(at_ms - coalesce(duration_ms, 0)) as began, max(at_ms) as ended, bool_or(duration_ms is not null) as timed,
        case when min(rank) = max(rank) then min(rank) end as rank
    from marked
    where id is not null and hash(id) % $parts = 0
    group by kind, id, source
)
select a.kind, a.source as one, b.source as other, a.rank as rank_one, b.rank as rank_other, a.began as began_one, a.ended as ended_one,
    a.timed as timed_one, b.began as began_other, b.ended as ended_other, b.timed as timed_other
from spans a join spans b on a.kind = b.kind and a.id = b.id and (coalesce(a.rank, 1), a.source) < (coalesce(b.rank, 1), b.source)

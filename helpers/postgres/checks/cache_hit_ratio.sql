-- Pages of tables and of indexes that were wanted, and how many were in shared_buffers
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, pg_statio_all_tables' own functions
select kind, coalesce(sum(hits), 0)::float8 as hits, coalesce(sum(wanted - hits), 0)::float8 as reads,
       (100 * sum(hits) / nullif(sum(wanted), 0))::float8 as hit_pct,
       (pg_size_bytes(current_setting('shared_buffers')) / current_setting('block_size')::int)::int as buffers
from (values ('tables'), ('indexes')) as kinds (kind)
left join lateral (
    select pg_stat_get_blocks_hit(c.oid)::numeric as hits, pg_stat_get_blocks_fetched(c.oid)::numeric as wanted
    from pg_class c
    where c.oid >= 16384 and c.relkind = any (case kind when 'tables' then array['r', 'm', 't']::"char"[] else array['i']::"char"[] end)
) pages on true
group by kind
order by kind desc

-- Tables a plan reads, or the partitioned tables they belong to, with size and age of statistics
-- needs: PostgreSQL >= 14; takes no lock (sizes are relpages, the planner's own); cheap
-- source: PostgreSQL manual, pg_class, pg_partition_tree(), pg_stat_all_tables, pg_statistic_ext
-- $1: schemas (text[])
-- $2: relations (text[])
with scanned as (
    select c.oid, n.nspname, c.relname, c.reltuples, coalesce(pg_partition_root(c.oid), c.oid)::oid as root
    from unnest($1::text[], $2::text[]) as s (nspname, relname)
    join pg_namespace n on n.nspname = s.nspname
    join pg_class c on c.relnamespace = n.oid and c.relname = s.relname
)
select s.nspname::text as schema, s.relname::text as relation, s.oid::bigint as oid, s.root::bigint as root,
       s.oid::regclass::text as scanned_name, s.root::regclass::text as name, r.relkind = 'p' as partitioned,
       case when s.reltuples > 0 then s.reltuples else leaves.rows end::float8 as scanned_rows,
       leaves.rows, leaves.bytes, leaves.modified, leaves.dead, leaves.analyzed_s, leaves.counted,
       array(select x.stxkeys::text from pg_statistic_ext x where x.stxrelid = s.root order by 1) as extended
from scanned s
join pg_class r on r.oid = s.root
cross join lateral (
    -- n_live_tup counts twice what was loaded just before a VACUUM, so it serves only where nothing was ever counted
    select sum(case when c.reltuples > 0 then c.reltuples else coalesce(t.n_live_tup, 0) end)::float8 as rows,
           sum(greatest(c.relpages, 0)::bigint * current_setting('block_size')::int)::bigint as bytes,
           sum(coalesce(t.n_mod_since_analyze, 0))::float8 as modified,
           sum(coalesce(t.n_dead_tup, 0))::float8 as dead,
           case when bool_or(t.last_analyze is null and t.last_autoanalyze is null and c.reltuples <> 0
                             and not exists (select from pg_stats p where p.schemaname = t.schemaname and p.tablename = t.relname))
                then null
                else coalesce(extract(epoch from now() - min(greatest(t.last_analyze, t.last_autoanalyze)))::float8, 0)  -- 0: the counters were reset
           end as analyzed_s,
           not coalesce(bool_or(t.last_analyze is null and t.last_autoanalyze is null and c.reltuples > 0), false) as counted
    from (select relid from pg_partition_tree(s.root) where isleaf union select s.root) as leaf (relid)
    join pg_class c on c.oid = leaf.relid and c.relkind in ('r', 'm', 'p')
    left join pg_stat_all_tables t on t.relid = c.oid
    where c.relkind <> 'p'
) as leaves

-- The largest tables and indexes, by the pages VACUUM and ANALYZE last counted
-- needs: PostgreSQL >= 14; any role; takes no lock (no relation-size function is called); one pass over pg_class
-- source: PostgreSQL manual, pg_class.relpages
-- $1: most rows (int)
with relations as (
    select c.oid, c.relkind, coalesce(i.indrelid, t.oid, c.oid) as owner, greatest(c.relpages, 0)::bigint * current_setting('block_size')::int as bytes,
           greatest(c.reltuples, 0)::float8 as rows, c.relpages = 0 and c.reltuples = -1 as never_measured
    from pg_class c
    left join pg_index i on i.indexrelid = c.oid
    left join pg_class t on t.reltoastrelid = c.oid and c.relkind = 't'
    where c.relkind in ('r', 'i', 'm', 't') and c.oid >= 16384  -- initdb's own objects, and their TOAST tables, are below
)
select oid::regclass::text as relation,
       case relkind when 'r' then 'table' when 'i' then 'index' when 'm' then 'materialized view' else 'TOAST table' end as kind,
       owner::regclass::text as table, bytes as size_bytes,
       round(100.0 * bytes / (select sum(bytes) from relations), 1)::float8 as share_pct, rows,
       (select count(*) from relations where never_measured)::int as never_measured
from (select * from relations where bytes > 0 order by bytes desc, oid limit $1) as largest
order by bytes desc, 1

-- Indexes without a scan that nothing but queries could need
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_index
-- source: PostgreSQL manual, pg_stat_all_indexes.idx_scan, pg_index, pg_constraint
-- $1: fewest pages of an index (int)
with unused as (
    select i.indexrelid, i.indrelid, c.relpages
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    where c.relkind = 'i' and c.relpages >= $1 and c.relpersistence <> 't'
      and c.relnamespace <> all (array['pg_catalog'::regnamespace, 'pg_toast'::regnamespace])
      and i.indisvalid and not i.indisunique and not i.indisexclusion and not i.indisreplident
      and pg_stat_get_numscans(i.indexrelid) = 0
      and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
      -- a parent's delete reads the child through it, and that may be rare
      and not exists (select from pg_constraint f where f.contype = 'f' and f.conrelid = i.indrelid and f.conkey[1] = i.indkey[0])
      -- an index of a partition goes with its parent's
      and not exists (select from pg_inherits h where h.inhrelid = i.indexrelid)
    order by c.relpages desc, i.indexrelid limit 200
)
select i.indexrelid::regclass::text as index, i.indrelid::regclass::text as table,
       i.relpages::bigint * current_setting('block_size')::int as size_bytes,
       pg_stat_get_tuples_inserted(i.indrelid) + pg_stat_get_tuples_updated(i.indrelid) + pg_stat_get_tuples_deleted(i.indrelid) as table_writes,
       pg_get_indexdef(i.indexrelid) as definition
from unused i
order by i.relpages desc, 1

-- Indexes that are not valid, and that nobody is building
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' builds; takes no lock; cheap
-- source: PostgreSQL manual, pg_index.indisvalid, pg_stat_progress_create_index
select i.indexrelid::regclass::text as index, i.indrelid::regclass::text as table,
       pg_get_indexdef(i.indexrelid) as definition,
       c.relpages::bigint * current_setting('block_size')::int as size_bytes,
       exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.relid is null) as hidden_build
from pg_index i
join pg_class c on c.oid = i.indexrelid
where not (i.indisvalid and i.indisready and i.indislive)
  -- the index of a partitioned table is built by nobody: it is valid once every partition's is attached
  and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
  and not exists (
      select from pg_stat_progress_create_index p join pg_inherits h on h.inhrelid = p.relid where h.inhparent = i.indrelid)
  and not (c.relkind = 'I' and exists (
      select from pg_locks l where l.relation = i.indexrelid and l.granted and l.mode = 'AccessExclusiveLock'))
order by 1

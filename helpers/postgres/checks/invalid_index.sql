-- Indexes that are not valid: what they enforce, what else does their work, and whether somebody is at work on them
-- needs: PostgreSQL >= 14; pg_read_all_stats to see other roles' builds; takes no lock; cheap
-- source: PostgreSQL manual, pg_index, pg_stat_progress_create_index, REINDEX ("Rebuilding Indexes Concurrently")
-- $1: one index, or an empty text for every one (text)
select i.indexrelid::bigint as oid, i.indexrelid::regclass::text as index, n.nspname::text as schema, c.relname::text as name,
       i.indrelid::regclass::text as table, pg_get_indexdef(i.indexrelid) as definition,
       c.relpages::bigint * current_setting('block_size')::int as size_bytes,
       i.indisunique as unique, i.indisready as ready, c.relkind = 'I' as partitioned,
       i.indisreplident or exists (select from pg_constraint k where k.conindid = i.indexrelid) as depended_on,
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_equal,  -- version 15 and newer
       array(select pg_get_indexdef(i.indexrelid, k::int, false) from generate_series(1, i.indnkeyatts) as k order by k) as keys,
       coalesce(pg_get_expr(i.indpred, i.indrelid), '') as predicate,
       coalesce((
           select o.indexrelid::regclass::text from pg_index o join pg_class oc on oc.oid = o.indexrelid
           where o.indrelid = i.indrelid and o.indexrelid <> i.indexrelid and o.indisvalid and o.indisready and o.indislive
             and oc.relam = c.relam and coalesce(pg_get_expr(o.indpred, o.indrelid), '') = coalesce(pg_get_expr(i.indpred, i.indrelid), '')
             and case when i.indisunique or i.indexprs is not null
                 then o.indisunique >= i.indisunique and o.indnkeyatts = i.indnkeyatts and o.indkey::text = i.indkey::text
                      and o.indclass::text = i.indclass::text and o.indcollation::text = i.indcollation::text and o.indoption::text = i.indoption::text
                      and coalesce(pg_get_expr(o.indexprs, o.indrelid), '') = coalesce(pg_get_expr(i.indexprs, i.indrelid), '')
                 else o.indexprs is null and o.indnkeyatts >= i.indnkeyatts
                      and (o.indkey::text || ' ') like (i.indkey::text || ' %') and (o.indclass::text || ' ') like (i.indclass::text || ' %')
                      and (o.indcollation::text || ' ') like (i.indcollation::text || ' %') and (o.indoption::text || ' ') like (i.indoption::text || ' %')
                 end
           order by o.indnatts, 1 limit 1), '') as covered_by,
       exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.relid = i.indrelid)
       or exists (select from pg_stat_progress_create_index p join pg_inherits h on h.inhrelid = p.relid where h.inhparent = i.indrelid)
       -- DROP INDEX CONCURRENTLY reports no progress; it holds this lock on the index while it waits
       or exists (select from pg_locks l where l.relation = i.indexrelid and l.granted and l.database = (select d.oid from pg_database d where d.datname = current_database())
                  and l.mode in ('ShareUpdateExclusiveLock', 'AccessExclusiveLock')) as at_work,
       exists (select from pg_stat_progress_create_index p where p.datname = current_database() and p.relid is null) as hidden_build
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
where not (i.indisvalid and i.indisready and i.indislive)
  and ($1::text = '' or i.indexrelid = to_regclass($1::text))
order by i.indexrelid::regclass::text

-- Indexes of tables: their keys as the server writes them, whether they are valid, whether they are being built
-- needs: PostgreSQL >= 14; without pg_read_all_stats another role's build is counted as every invalid index's; takes no lock; cheap
-- source: PostgreSQL manual, pg_index, pg_stat_progress_create_index
-- $1: tables (oid[], as bigint[])
select i.indrelid::bigint as oid, i.indexrelid::regclass::text as name, m.amname::text as method,
       i.indisvalid and i.indisready and i.indislive as valid, i.indisunique as unique,
       coalesce(pg_get_expr(i.indpred, i.indrelid), '') as predicate,
       not (i.indisvalid and i.indisready) and exists (
           select from pg_stat_progress_create_index p
           where p.datname = current_database() and (p.index_relid = i.indexrelid or p.relid is null)
       ) as building,
       array(
           select pg_get_indexdef(i.indexrelid, k::int, false)
                  || case when o.opcdefault then '' else ' ' || quote_ident(o.opcname) end
           from generate_series(1, i.indnkeyatts) as k
           join pg_opclass o on o.oid = i.indclass[k - 1]
           order by k
       ) as keys
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_am m on m.oid = c.relam
where i.indrelid = any (select unnest($1::bigint[])::oid)
order by c.relname

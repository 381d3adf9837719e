-- Every table, column, constraint and index of an application's schemas, one row each
-- needs: PostgreSQL >= 14; any role; takes no lock; what belongs to an extension or to the system, and partitions, are left out
-- source: PostgreSQL manual, system catalogs
with relations as (
    select c.oid, n.nspname::text as schema_name, c.relname::text as table_name, c.relkind
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition
        and n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select 'table' as kind, schema_name, table_name, '' as name, '' as type, false as not_null, '' as definition, '' as identity
from relations
union all
select 'column', r.schema_name, r.table_name, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text || a.attgenerated::text
from relations r
join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
union all
select 'constraint', r.schema_name, r.table_name, k.conname::text, k.contype::text, false, pg_get_constraintdef(k.oid), ''
from relations r
join pg_constraint k on k.conrelid = r.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
union all
select 'index', r.schema_name, r.table_name, i.relname::text, '', x.indisunique, pg_get_indexdef(x.indexrelid), ''
from relations r
join pg_index x on x.indrelid = r.oid and x.indisvalid
join pg_class i on i.oid = x.indexrelid
where not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
order by 1, 2, 3, 4

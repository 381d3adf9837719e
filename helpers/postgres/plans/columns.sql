-- Columns of tables, and what a b-tree can do with their types
-- needs: PostgreSQL >= 14; statistics only of columns the role may read; takes no lock; cheap
-- source: PostgreSQL manual, pg_attribute, pg_opclass, pg_stats
-- $1: tables (oid[], as bigint[])
select a.attrelid::bigint as oid, a.attname::text as name, quote_ident(a.attname) as quoted,
       format_type(a.atttypid, a.atttypmod) as type,
       -- casts that change nothing in storage or order: an index on the bare column serves them
       array_remove(array[
           case when t.typtype = 'd' then format_type(b.oid, null) end,
           case when b.typname = 'varchar' then 'text' end,
           case when b.typname = 'cidr' then 'inet' end
       ], null) as cast_free,
       (b.typtype in ('e', 'r', 'm', 'c') or b.typcategory = 'A' or b.typname in ('varchar', 'cidr') or exists (
           select from pg_opclass o join pg_am m on m.oid = o.opcmethod
           where m.amname = 'btree' and o.opcdefault and o.opcintype = b.oid)) as btree,
       case when l.collcollate in ('C', 'POSIX') or l.collname = 'default' and d.datcollate in ('C', 'POSIX') then ''
            when b.typname in ('text', 'varchar', 'bpchar') then b.typname || '_pattern_ops'
            else '' end as prefix_opclass,
       s.n_distinct::float8 as n_distinct, s.tablename is not null as analyzed, a.attnum::int as attnum,
       -- the default is -1 before version 17, null since
       coalesce(nullif(a.attstattarget, -1), current_setting('default_statistics_target')::int)::int as statistics_target
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
join pg_database d on d.datname = current_database()
left join pg_collation l on l.oid = a.attcollation
left join lateral (
    select p.n_distinct, p.tablename from pg_stats p
    where p.schemaname = n.nspname and p.tablename = c.relname and p.attname = a.attname
    order by p.inherited desc limit 1
) as s on true
where a.attrelid = any (select unnest($1::bigint[])::oid) and a.attnum > 0 and not a.attisdropped

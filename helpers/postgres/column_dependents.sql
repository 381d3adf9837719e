-- What rests on one column: indexes, constraints of its table, foreign keys that refer to it, and what reads it by its number
-- needs: PostgreSQL >= 14; any role; takes no lock on a table; cheap
-- source: PostgreSQL manual, pg_constraint, pg_index, pg_depend
-- $1: the table (regclass, as text), $2: the column (text)
with col as (
    select a.attrelid, a.attnum from pg_attribute a where a.attrelid = to_regclass($1) and a.attname = $2 and not a.attisdropped
),
plain as (
    -- every name in full: the text is run with another search_path
    select set_config('search_path', '', true) as path
)
select kind, relation, name, definition, schema_name
from plain
cross join lateral (
    select case k.contype when 'p' then 'primary' when 'u' then 'unique' when 'f' then 'foreign' when 'c' then 'check' else 'exclusion' end as kind,
        format('%I.%I', n.nspname, c.relname) as relation, quote_ident(k.conname) as name,
        case when k.contype in ('p', 'u', 'x') then pg_get_indexdef(k.conindid) else pg_get_constraintdef(k.oid) end as definition, n.nspname::text as schema_name
    from col
    join pg_constraint k on k.conrelid = col.attrelid and col.attnum = any(k.conkey) and k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where plain.path is not null
    union all
    select 'referring', format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid), n.nspname
    from col
    join pg_constraint k on k.confrelid = col.attrelid and col.attnum = any(k.confkey) and k.contype = 'f' and k.conparentid = 0
    join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where plain.path is not null and not (k.conrelid = col.attrelid and col.attnum = any(k.conkey))
    union all
    select 'index', format('%I.%I', n.nspname, c.relname), quote_ident(i.relname), pg_get_indexdef(x.indexrelid), n.nspname
    from col
    join pg_index x on x.indrelid = col.attrelid and x.indisvalid
    join pg_class i on i.oid = x.indexrelid
    join pg_class c on c.oid = x.indrelid
    join pg_namespace n on n.oid = c.relnamespace
    where plain.path is not null
        and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = x.indexrelid and d.refobjid = col.attrelid and d.refobjsubid = col.attnum)
        and not exists (select from pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
    union all
    select distinct 'reader', '', pg_describe_object(d.classid, d.objid, d.objsubid), '', ''
    from col
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = col.attrelid and d.refobjsubid = col.attnum
    where plain.path is not null and (
        d.classid in ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_statistic_ext'::regclass)
        or (d.classid = 'pg_attrdef'::regclass and d.objid not in (select oid from pg_attrdef b where b.adrelid = col.attrelid and b.adnum = col.attnum)))
) as found
order by kind, relation, name

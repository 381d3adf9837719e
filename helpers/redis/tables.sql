-- Tables that a role may read, with their columns and their single-column unique keys
-- needs: PostgreSQL >= 14; reads the catalogue only; cheap
-- source: PostgreSQL manual, pg_class, pg_index, format_type()
-- $1: a table's name as SQL writes it (text), or an empty text for all of them
select c.oid::regclass::text as name,
    greatest(c.reltuples, 0)::bigint as estimated_rows,
    array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
    array(select quote_ident(a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as quoted,
    array(select format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as types,
    array(select distinct a.attname::text from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indnkeyatts = 1 and i.indpred is null and i.indexprs is null) as keys
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
    and not row_security_active(c.oid) -- a row that is hidden would look deleted
    and ($1::text = '' or c.oid = to_regclass(nullif($1, '')))
order by c.reltuples desc, 1

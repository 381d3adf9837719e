-- Integer columns that are numbered by a sequence, with how far the sequence is and how far the column reaches
-- needs: PostgreSQL >= 14; SELECT or USAGE on the sequences to see how far they are; takes no lock; cheap
-- source: PostgreSQL manual, pg_sequence, pg_depend; check_postgres "sequence", which looks at the sequence's own type only
with fed as (
    -- serial and identity columns own their sequence (a, i); any other default names it
    select d.refobjid as relid, d.refobjsubid as attnum, d.objid as seqid
    from pg_depend d
    join pg_sequence s on s.seqrelid = d.objid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
    union
    select a.adrelid, a.adnum, d.refobjid
    from pg_depend d join pg_attrdef a on a.oid = d.objid
    where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
),
numbered as (
    select relid, attnum, seqid, '' as refers_to from fed
    union all
    -- a narrower column that refers to a numbered one takes its numbers, too: it ends first
    select k.conrelid, child.attnum, f.seqid, format('%s.%I', k.confrelid::regclass, parent.attname)
    from fed f
    join pg_constraint k on k.contype = 'f' and k.confrelid = f.relid and k.conparentid = 0
    cross join lateral generate_subscripts(k.confkey, 1) as pair
    join pg_attribute parent on parent.attrelid = f.relid and parent.attnum = f.attnum and k.confkey[pair] = f.attnum
    join pg_attribute child on child.attrelid = k.conrelid and child.attnum = k.conkey[pair] and child.attlen < parent.attlen
)
select format('%s%I', case when pg_table_is_visible(c.oid) then '' else quote_ident(n.nspname) || '.' end, c.relname) as table,
    quote_ident(a.attname) as column, n.nspname::text as schema_name, c.relname::text as table_name, a.attname::text as column_name,
    format('%s%I', case when pg_table_is_visible(k.oid) then '' else quote_ident(kn.nspname) || '.' end, k.relname) as sequence,
    format_type(a.atttypid, null) as type, format_type(s.seqtypid, null) as sequence_type, s.seqincrement as increment, s.seqcycle as cycles,
    case a.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 else 9223372036854775807 end as column_max,
    s.seqmax as sequence_max, pg_sequence_last_value(s.seqrelid) as last_value,
    has_sequence_privilege(s.seqrelid, 'select, usage') as visible,
    pg_stat_get_tuples_inserted(c.oid) as inserted, f.refers_to, format('%I.%I', kn.nspname, k.relname) as sequence_name,
    exists (
        select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indisvalid and i.indpred is null
    ) as indexed
from numbered f
join pg_class c on c.oid = f.relid and c.relkind in ('r', 'p')
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = f.relid and a.attnum = f.attnum and not a.attisdropped
join pg_sequence s on s.seqrelid = f.seqid
join pg_class k on k.oid = s.seqrelid
join pg_namespace kn on kn.oid = k.relnamespace
where a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) and s.seqincrement > 0 and not s.seqcycle
order by 1, 2

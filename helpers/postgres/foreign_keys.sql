-- Foreign keys: whose parents lose rows, and whether an index of the child serves the lookup that every such row costs
-- needs: PostgreSQL >= 14; without pg_read_all_stats another role's index build is counted as every invalid index's; takes no lock; cheap
-- source: PostgreSQL manual, "Constraints" 5.5.5; ri_triggers.c: SELECT 1 FROM [ONLY] child x WHERE $1 = x.column [AND …]
-- $1: only those that reference this table (text, SQL name; null: all)
with recursive keys as (
    select c.* from pg_constraint c
    where c.contype = 'f' and c.conparentid = 0 and ($1::text is null or c.confrelid = to_regclass($1))
), tree as (
    select r.oid as root, r.oid as relid, r.relkind
    from pg_class r where r.oid in (select conrelid from keys union select confrelid from keys)
    union all
    select t.root, i.inhrelid, k.relkind
    from tree t join pg_inherits i on i.inhparent = t.relid join pg_class k on k.oid = i.inhrelid
    where t.relkind = 'p'
), leaves as (
    select t.root, t.relid,
           -- n_live_tup counts twice what was loaded just before a VACUUM, so it serves only where nothing was ever counted
           case when c.reltuples > 0 then c.reltuples else pg_stat_get_live_tuples(c.oid) end as rows,
           c.relpages::bigint * current_setting('block_size')::int as bytes
    from tree t join pg_class c on c.oid = t.relid
    where t.relkind <> 'p'
), tables as (
    select root, sum(rows)::float8 as rows, sum(bytes)::bigint as bytes, sum(pg_stat_get_tuples_deleted(relid))::bigint as deletes,
           sum(pg_stat_get_tuples_updated(relid))::bigint as updates
    from leaves group by root
), columns as (
    select k.oid, array_agg(a.attname::text order by u.n) as names, array_agg(quote_ident(a.attname) order by u.n) as quoted,
           array_agg(quote_ident(p.attname) order by u.n) as parent_quoted,
           string_agg(format('$%s::text::%s OPERATOR(%I.%s) x.%I', u.n, format_type(p.atttypid, -1), n.nspname, o.oprname, a.attname), ' AND ' order by u.n) as condition,
           string_agg(format('p.%I OPERATOR(%I.%s) x.%I', p.attname, n.nspname, o.oprname, a.attname), ' AND ' order by u.n) as join_condition,
           string_agg(format('p.%I::text', p.attname), ', ' order by u.n) as key_texts
    from keys k
    cross join lateral unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality as u (child, parent, op, n)
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.child
    join pg_attribute p on p.attrelid = k.confrelid and p.attnum = u.parent
    join pg_operator o on o.oid = u.op
    join pg_namespace n on n.oid = o.oprnamespace
    group by k.oid
), candidates as (
    -- indexes of the leaves whose first columns are the key's, in any order
    select k.oid, l.relid, i.indexrelid::regclass::text as name, i.indisvalid and i.indisready and i.indislive as valid,
           exists (select from pg_stat_progress_create_index g
                   where g.datname = current_database() and (g.index_relid = i.indexrelid or g.relid is null)) as building
    from keys k
    join columns c on c.oid = k.oid
    join leaves l on l.root = k.conrelid
    join pg_index i on i.indrelid = l.relid and i.indpred is null and i.indnkeyatts >= cardinality(c.names)
    join pg_class ic on ic.oid = i.indexrelid
    join pg_am m on m.oid = ic.relam and (m.amname = 'btree' or m.amname = 'hash' and cardinality(c.names) = 1)
    where (select array_agg(a.attname::text order by a.attname::text) from generate_series(0, cardinality(c.names) - 1) as g (at)
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[g.at])
        = (select array_agg(x order by x) from unnest(c.names) as x)
), coverage as (
    select k.oid, count(*) filter (where not exists (select from candidates s where s.oid = k.oid and s.relid = l.relid and s.valid))::int as unserved
    from keys k join leaves l on l.root = k.conrelid group by k.oid
)
select k.oid::bigint as oid, format('%I on %s', k.conname, k.conrelid::regclass) as constraint, k.conrelid::regclass::text as child,
       k.confrelid::regclass::text as parent, c.quoted as columns, c.parent_quoted as parent_columns,
       (array['no action', 'restrict', 'cascade', 'set null', 'set default'])[position(k.confdeltype::text in 'arcnd')] as on_delete,
       t.rows as child_rows, t.bytes as child_bytes, p.rows as parent_rows, p.deletes as parent_deletes, p.updates as parent_updates,
       coalesce(v.unserved, 0) as unserved,
       coalesce((select min(s.name) from candidates s where s.oid = k.oid and s.valid), '') as served_by,
       coalesce((select min(s.name) from candidates s where s.oid = k.oid and not s.valid and not s.building), '') as invalid,
       exists (select from candidates s where s.oid = k.oid and not s.valid and s.building) as building,
       array(select quote_ident(g.tgname) from pg_trigger g where g.tgrelid = k.confrelid and not g.tgisinternal and g.tgenabled <> 'D'
             and g.tgtype & 8 > 0 order by 1) as parent_triggers,
       format('SELECT 1 FROM %s%s x WHERE %s LIMIT 1000', case r.relkind when 'p' then '' else 'ONLY ' end, k.conrelid::regclass, c.condition) as lookup,
       format('SELECT array[%s] AS key FROM (SELECT %s FROM %s TABLESAMPLE SYSTEM (%s) ORDER BY random() LIMIT 200) p',
              c.key_texts, array_to_string(c.parent_quoted, ', '), k.confrelid::regclass,
              trim_scale(round(least(100, 100 * 2000 / greatest(p.rows, 1))::numeric, 4))) as keys,
       format(' WHERE NOT EXISTS (SELECT FROM %s%s x WHERE %s)', case r.relkind when 'p' then '' else 'ONLY ' end, k.conrelid::regclass, c.join_condition) as childless
from keys k
join columns c on c.oid = k.oid
join pg_class r on r.oid = k.conrelid
join tables t on t.root = k.conrelid
join tables p on p.root = k.confrelid
left join coverage v on v.oid = k.oid
-- where rows go, the lookups that no index serves come first; where none go, nobody pays for one
order by p.deletes = 0, (coalesce(v.unserved, 0) > 0) = (p.deletes = 0), t.rows * (1 + p.deletes) desc, 2
limit 500

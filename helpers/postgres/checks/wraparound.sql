-- Age of the oldest unfrozen transaction id, by database, and of the oldest tables here
-- needs: PostgreSQL >= 14; any role; takes no lock; one pass over pg_class
-- source: PostgreSQL manual, "Preventing Transaction ID Wraparound Failures"
with ages as (
    select 'database' as kind, datname::text as name, age(datfrozenxid)::bigint as xid_age, mxid_age(datminmxid)::bigint as mxid_age
    from pg_database
    union all
    (select 'table', oid::regclass::text, age(relfrozenxid)::bigint, mxid_age(relminmxid)::bigint
     from pg_class where relkind in ('r', 'm', 't') and relfrozenxid <> '0'::xid order by age(relfrozenxid) desc, relpages desc limit 10)
)
select kind, name, xid_age, current_setting('autovacuum_freeze_max_age')::bigint as xid_limit,
       mxid_age, current_setting('autovacuum_multixact_freeze_max_age')::bigint as mxid_limit, 2147483647 - xid_age as xids_left
from ages
order by xid_age desc, kind, name

-- Prepared transactions, the oldest first
-- needs: PostgreSQL >= 14; any role; takes no lock; cheap
-- source: PostgreSQL manual, pg_prepared_xacts
select gid, owner::text as owner, database::text as database, extract(epoch from clock_timestamp() - prepared)::float8 as age_s,
       age(transaction) as xid_age
from pg_prepared_xacts
order by prepared

-- Functions may be executed by roles that were named: PostgreSQL gives every new one to PUBLIC unless told otherwise.
select p.oid::pg_catalog.regprocedure::text as object,
       'PUBLIC may execute the function.' as detail,
       format('revoke execute on function %s from public;', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
where n.nspname in ('public', 'private') and a.grantee = 0
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')

-- A function that runs with its owner's rights, who is above the policies, stands in a schema that no API exposes.
select p.oid::pg_catalog.regprocedure::text as object,
       'The function runs as its owner, and the API exposes it.' as detail,
       format('alter function %s security invoker; or move it to the schema private.', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'public' and p.prosecdef
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')

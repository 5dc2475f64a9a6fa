-- Every function of ours has a fixed search_path, empty or pg_catalog and pg_temp, so that its names mean the same for every caller.
select p.oid::pg_catalog.regprocedure::text as object,
       'The function finds names by the caller''s search_path.' as detail,
       format('alter function %s set search_path = '''';', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not coalesce(p.proconfig && array['search_path=""', 'search_path=pg_catalog, pg_temp'], false)
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')

-- Every function of ours has a fixed search_path, so that its names mean the same for every caller. Which one, says
-- isolation/temporary_names_last.
select p.oid::pg_catalog.regprocedure::text as object,
       'The function finds names by the caller''s search_path.' as detail,
       format('alter function %s set search_path = pg_catalog, pg_temp;', p.oid::pg_catalog.regprocedure) as remediation
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private')
  and not array_to_string(coalesce(p.proconfig, '{}'), chr(10)) ~ '(^|\n)search_path='
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')

-- What callers read without a policy of its own holds them to the policies below it: a view runs as the caller, and
-- materialized views and foreign tables, which know no policies, are granted to no caller.
select format('%I.%I', n.nspname, c.relname) as object,
       case c.relkind
         when 'v' then 'The view reads with the rights of its owner, so that policies do not hold for those who read it.'
         when 'm' then 'The materialized view shows every row to whoever may read it.'
         else 'The foreign table shows every row to whoever may read it.'
       end as detail,
       case c.relkind
         when 'v' then format('alter view %I.%I set (security_invoker = true);', n.nspname, c.relname)
         else format('revoke all on %I.%I from public, anon, authenticated;', n.nspname, c.relname)
       end as remediation
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private')
  and case
        when c.relkind = 'v' then
          not coalesce(lower(array_to_string(c.reloptions, ',')) ~ 'security_invoker=(true|on|yes|1)', false)
        else c.relkind in ('m', 'f')
      end
  and exists (
    select from pg_catalog.aclexplode(c.relacl) a
    where a.grantee = 0 or a.grantee in (select r.oid from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated')))
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')

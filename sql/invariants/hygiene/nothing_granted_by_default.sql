-- What the owner of our tables makes later is granted to no caller by default, and its functions not to PUBLIC.
select format('default privileges of %s%s', o.rolname, coalesce(' in ' || n.nspname, '')) as object,
       format('New %s are granted to %s.',
         case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' else 'objects' end,
         coalesce(r.rolname, 'PUBLIC')) as detail,
       format('alter default privileges for role %I%s revoke all on %s from %s;', o.rolname,
         coalesce(format(' in schema %I', n.nspname), ''),
         case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' else 'functions' end,
         coalesce(quote_ident(r.rolname), 'public')) as remediation
from pg_catalog.pg_default_acl d
join pg_catalog.pg_roles o on o.oid = d.defaclrole
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
cross join lateral pg_catalog.aclexplode(d.defaclacl) a
left join pg_catalog.pg_roles r on r.oid = a.grantee
where o.oid in (select t.tableowner::pg_catalog.regrole from pg_catalog.pg_tables t where t.schemaname in ('public', 'private'))
  and (n.nspname is null or n.nspname in ('public', 'private'))
  and d.defaclobjtype in ('r', 'S', 'f')
  and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
union all
select 'default privileges of ' || o.rolname,
       'New functions are granted to PUBLIC.',
       format('alter default privileges for role %I revoke execute on functions from public;', o.rolname)
from pg_catalog.pg_roles o
where o.oid in (select t.tableowner::pg_catalog.regrole from pg_catalog.pg_tables t where t.schemaname in ('public', 'private'))
  and not o.rolsuper
  and not exists (
    select from pg_catalog.pg_default_acl d
    where d.defaclrole = o.oid and d.defaclnamespace = 0 and d.defaclobjtype = 'f')

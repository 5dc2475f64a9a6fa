-- Tables, views, columns and sequences are granted to roles by name, never to PUBLIC, which every login belongs to; and
-- nobody else may make anything in our schemas.
select g.object, format('PUBLIC has %s.', lower(string_agg(distinct g.privilege_type, ', '))) as detail,
       format('revoke all on %s from public;', g.target) as remediation
from (
  select format('%I.%I', n.nspname, c.relname) as object, format('%I.%I', n.nspname, c.relname) as target, a.privilege_type
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral pg_catalog.aclexplode(c.relacl) a
  where n.nspname in ('public', 'private') and a.grantee = 0
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
  union all
  select format('%I.%I.%I', n.nspname, c.relname, t.attname), format('%I.%I', n.nspname, c.relname), a.privilege_type
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute t on t.attrelid = c.oid
  cross join lateral pg_catalog.aclexplode(t.attacl) a
  where n.nspname in ('public', 'private') and a.grantee = 0
  union all
  select n.nspname::text, format('schema %I', n.nspname), a.privilege_type
  from pg_catalog.pg_namespace n
  cross join lateral pg_catalog.aclexplode(n.nspacl) a
  where a.grantee = 0 and (n.nspname = 'private' or (n.nspname = 'public' and a.privilege_type = 'CREATE'))) g
group by g.object, g.target

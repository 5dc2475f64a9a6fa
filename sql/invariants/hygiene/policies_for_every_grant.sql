-- What a caller was granted on a table has a policy: without one the grant gives nothing, and whoever reads the grant
-- believes otherwise.
with granted as (
  select c.oid, n.nspname, c.relname, a.grantee, a.privilege_type
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select t.grantee, t.privilege_type from pg_catalog.aclexplode(c.relacl) t
    union
    select t.grantee, t.privilege_type
    from pg_catalog.pg_attribute b cross join lateral pg_catalog.aclexplode(b.attacl) t where b.attrelid = c.oid) a
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
)
select format('%I.%I', g.nspname, g.relname) as object,
       format('%s was granted %s, but no policy lets a row through.', r.rolname, lower(g.privilege_type)) as detail,
       format('create policy "…" on %I.%I for %s to %I …; or revoke it.', g.nspname, g.relname, lower(g.privilege_type), r.rolname)
         as remediation
from granted g
join pg_catalog.pg_roles r on r.oid = g.grantee
where (r.rolname in ('anon', 'authenticated') or r.rolname ~ '^tidegate_')
  and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  and not exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = g.oid and p.polpermissive and (g.grantee = any (p.polroles) or 0 = any (p.polroles))
      and p.polcmd in ('*', case g.privilege_type when 'SELECT' then 'r' when 'INSERT' then 'a' when 'UPDATE' then 'w' else 'd' end))

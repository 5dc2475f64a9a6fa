-- Returns one sentence per reason not to serve this database; zero rows = healthy.
-- The login role itself, every role it may become, and the tables of the exposed schemas. Tables of extensions are
-- left out: their owner is the extension, and nobody can change them.
with reachable as (
  select r.rolname, r.rolsuper, r.rolbypassrls, r.oid
  from pg_catalog.pg_roles r
  where pg_catalog.pg_has_role(current_user, r.oid, 'member')
), exposed as (
  select c.oid, c.relname, n.nspname, c.relowner, c.relrowsecurity, c.relforcerowsecurity
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any (%(schemas)s)
    and c.relkind in ('r', 'p')
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
)
select pg_catalog.format('The role %%s is a superuser; log in as tidegate_gateway.', r.rolname) as finding
from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper
union all
select pg_catalog.format('The role %%s bypasses row level security; log in as tidegate_gateway.', r.rolname)
from pg_catalog.pg_roles r where r.rolname = current_user and r.rolbypassrls and not r.rolsuper
union all
select pg_catalog.format('The role %%s may become %%s, which %%s; revoke that.', current_user, r.rolname,
                         case when r.rolsuper then 'is a superuser' else 'bypasses row level security' end)
from reachable r
where r.rolname <> current_user and (r.rolsuper or r.rolbypassrls)
  and not exists (select from pg_catalog.pg_roles o where o.rolname = current_user and o.rolsuper)
union all
select pg_catalog.format('The role %%s owns the table %%I.%%I, or may become its owner.', current_user, e.nspname, e.relname)
from exposed e
where e.relowner in (select r.oid from reachable r)
  and not exists (select from pg_catalog.pg_roles o where o.rolname = current_user and o.rolsuper)
union all
select pg_catalog.format('The table %%I.%%I does not have row level security enabled and forced.', e.nspname, e.relname)
from exposed e where not (e.relrowsecurity and e.relforcerowsecurity)
order by 1

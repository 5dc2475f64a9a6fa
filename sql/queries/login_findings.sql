-- Returns what makes the login of this session no login for a gateway, in the columns of sql/invariants: object, detail,
-- remediation. The login itself, every role it may become, and the tables it owns; zero rows = healthy.
with login as (
  select r.* from pg_catalog.pg_roles r where r.rolname = current_user
), reachable as (
  select r.rolname, r.rolsuper, r.rolbypassrls, r.oid
  from pg_catalog.pg_roles r
  where pg_catalog.pg_has_role(current_user, r.oid, 'member')
)
select l.rolname::text as object,
       pg_catalog.format('The role %s %s.', l.rolname,
                         case when l.rolsuper then 'is a superuser' else 'bypasses row level security' end) as detail,
       'Log in as tidegate_gateway.' as remediation
from login l where l.rolsuper or l.rolbypassrls
union all
select l.rolname::text,
       pg_catalog.format('The role %s may become %s, which %s.', l.rolname, r.rolname,
                         case when r.rolsuper then 'is a superuser' else 'bypasses row level security' end),
       pg_catalog.format('revoke %I from %I;', r.rolname, l.rolname)
from login l cross join reachable r
where r.rolname <> l.rolname and (r.rolsuper or r.rolbypassrls) and not l.rolsuper
union all
select l.rolname::text,
       pg_catalog.format('The role %s owns the table %I.%I, or may become its owner.', l.rolname, n.nspname, c.relname),
       pg_catalog.format('alter table %I.%I owner to postgres;', n.nspname, c.relname)
from login l
cross join pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p') and not l.rolsuper
  and c.relowner in (select r.oid from reachable r)

-- The API's roles and our logins are held to the policies, inherit nothing, and may become nobody who is not.
with ours as (
  select r.* from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated') or r.rolname ~ '^tidegate_'
)
select o.rolname::text as object,
       format('The role %s.', concat_ws(' and ',
         case when o.rolsuper then 'is a superuser' end,
         case when o.rolbypassrls then 'bypasses row level security' end,
         case when o.rolcreaterole then 'may create roles' end,
         case when o.rolinherit and o.rolname ~ '^tidegate_' then 'uses the rights of the roles it belongs to' end)) as detail,
       format('alter role %I nosuperuser nobypassrls nocreaterole%s;', o.rolname,
         case when o.rolname ~ '^tidegate_' then ' noinherit' else '' end) as remediation
from ours o
where o.rolsuper or o.rolbypassrls or o.rolcreaterole or (o.rolinherit and o.rolname ~ '^tidegate_')
union all
select o.rolname::text,
       format('The role may become %s, which %s.', r.rolname,
         case when r.rolsuper then 'is a superuser' else 'bypasses row level security' end),
       format('revoke %I from %I;', r.rolname, o.rolname)
from ours o
join pg_catalog.pg_roles r on pg_catalog.pg_has_role(o.oid, r.oid, 'member')
where r.oid <> o.oid and (r.rolsuper or r.rolbypassrls) and not o.rolsuper
union all
select o.rolname::text,
       format('The role owns the table %I.%I, or may become its owner.', n.nspname, c.relname),
       format('alter table %I.%I owner to postgres;', n.nspname, c.relname)
from ours o
join pg_catalog.pg_class c on c.relkind in ('r', 'p') and pg_catalog.pg_has_role(o.oid, c.relowner, 'member')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'private') and not o.rolsuper

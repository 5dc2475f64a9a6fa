-- The API's roles and our logins create nothing in this database, no temporary object either: whoever may create an object
-- may give a name another meaning, in the eyes of a function that runs with more rights.
with ours as (
  select r.* from pg_catalog.pg_roles r
  where (r.rolname in ('anon', 'authenticated') or r.rolname ~ '^tidegate_')
    -- Roles are the whole cluster's: a database without our schema is not ours.
    and pg_catalog.to_regnamespace('private') is not null
)
select o.rolname::text as object,
       'The role may create temporary objects in this database.' as detail,
       format('select private.forbid_temporary_objects(); revoke temporary on database %I from %I;',
         pg_catalog.current_database(), o.rolname) as remediation
from ours o
where pg_catalog.has_database_privilege(o.oid, pg_catalog.current_database(), 'temporary')
union all
select o.rolname::text,
       'The role may create schemas in this database.',
       format('revoke create on database %1$I from public; revoke create on database %1$I from %2$I;',
         pg_catalog.current_database(), o.rolname)
from ours o
where pg_catalog.has_database_privilege(o.oid, pg_catalog.current_database(), 'create')
union all
select o.rolname::text,
       'The role may create databases.',
       format('alter role %I nocreatedb;', o.rolname)
from ours o
where o.rolcreatedb
union all
select o.rolname::text,
       format('The role may create objects in the schema %I.', n.nspname),
       format('revoke create on schema %1$I from public; revoke create on schema %1$I from %2$I;', n.nspname, o.rolname)
from ours o
cross join pg_catalog.pg_namespace n
where n.nspname !~ '^pg_(toast_)?temp_' and pg_catalog.has_schema_privilege(o.oid, n.oid, 'create')

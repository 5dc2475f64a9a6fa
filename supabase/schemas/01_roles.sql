-- Schemas, roles, and the rule that nothing is granted by default.
--
-- Schema `public` holds what the Data API exposes. Schema `private` holds everything else: functions that policies and
-- public functions call, and tables that only these functions touch. The gateway and the worker log in as roles that
-- own nothing; the gateway becomes the caller for every statement, so that the policies decide there as well.
--
-- Every object is granted beside its definition. Functions are `security invoker` unless their comment says why not
-- ("Definer: …"), and every function searches pg_catalog first and pg_temp last: with an empty search_path PostgreSQL
-- would look up types in pg_temp first, and run what a caller put there.

do $$
begin
  if pg_catalog.to_regnamespace('private') is not null then
    raise exception 'this database has a schema named private already, which these migrations create'
      using hint = 'A database of an unreleased version cannot be migrated. Start with an empty one: '
        '`make reset` for the local stack, a new project on Supabase.';
  end if;
end $$;

create schema if not exists extensions;
create extension if not exists vector with schema extensions;
create extension if not exists pg_trgm with schema extensions;

create schema private;
comment on schema private is
  'Tables and functions that no API exposes. The API roles may use the schema, since policies call its functions.';
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;
-- In projects created before PostgreSQL 15, every role may create tables in public.
revoke create on schema public from public;

-- By default PostgreSQL lets PUBLIC execute every new function, and older Supabase projects grant every new table to
-- the API roles.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

-- Roles belong to the cluster, so a second database finds them in place. Passwords are set at deployment.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tidegate_gateway') then
    create role tidegate_gateway login noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'tidegate_worker') then
    create role tidegate_worker login noinherit;
  end if;
end $$;
comment on role tidegate_gateway is 'Login of the gateway. Owns nothing; may become anon or authenticated.';
comment on role tidegate_worker is 'Login of the worker. Sees rows that have a job, and writes their chunks.';
grant anon, authenticated to tidegate_gateway;
alter role tidegate_gateway set statement_timeout = '8s';
alter role tidegate_worker set statement_timeout = '60s';
alter role tidegate_gateway set search_path = extensions;
alter role tidegate_worker set search_path = extensions;
grant usage on schema private, extensions to tidegate_gateway, tidegate_worker;
grant usage on schema public to tidegate_worker;

create function private.forbid_temporary_objects() returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  keeper name;
begin
  execute format('revoke temporary on database %I from public', current_database());
  -- Supabase's own services keep the right. The owner of the database, postgres, always has it.
  for keeper in select r.rolname from pg_roles r where r.rolname ~ '^supabase_' or r.rolname = 'dashboard_user' loop
    execute format('grant temporary on database %I to %I', current_database(), keeper);
  end loop;
  if has_database_privilege('anon', current_database(), 'temporary') then
    raise exception 'PUBLIC may still create temporary objects in the database %', current_database()
      using errcode = 'insufficient_privilege',
            hint = format('Run as its owner: revoke temporary on database %I from public.', current_database());
  end if;
end $$;
comment on function private.forbid_temporary_objects is
  'Revokes the right to create temporary objects from everybody but Supabase''s services. Run it again in a copy of '
  'the database: neither create database … template nor a plain dump copies rights to a database.';

select private.forbid_temporary_objects();

create function private.enforce_row_level_security() returns event_trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  created record;
begin
  for created in
    select c.object_identity
    from pg_catalog.pg_event_trigger_ddl_commands() c
    join pg_catalog.pg_class t on t.oid = c.objid
    where c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.schema_name in ('public', 'private')
      and t.relkind in ('r', 'p') and not (t.relrowsecurity and t.relforcerowsecurity)
  loop
    -- In one statement, which fires this trigger again and must leave it nothing to do.
    execute pg_catalog.format(
      'alter table %s enable row level security, force row level security', created.object_identity);
  end loop;
end $$;
comment on function private.enforce_row_level_security is
  'Event trigger: enables and forces row level security on every table that is created in public or private, moved '
  'there, or altered to lack it.';

-- On hosted Supabase postgres may create an event trigger. Plain PostgreSQL requires a superuser, who runs the same
-- statement after the migrations.
do $$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'enforce_row_level_security') then
    create event trigger enforce_row_level_security on ddl_command_end
      when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
      execute function private.enforce_row_level_security();
  end if;
exception when insufficient_privilege then
  raise notice 'event trigger enforce_row_level_security: a superuser must create it on this server';
end $$;

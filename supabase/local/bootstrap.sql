-- What a hosted Supabase database holds before the first migration: roles, schemas, extensions and their privileges.
-- Run as the superuser (supabase_admin), once per database; running it again changes nothing.

-- Roles belong to the cluster. Passwords are set by whoever starts the stack.
do $$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      -- An ordinary role, as on hosted: what a migration cannot do there must fail here too.
      ('postgres', 'login createdb createrole replication bypassrls'),
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'login noinherit'),
      ('supabase_auth_admin', 'login noinherit createrole'),
      ('supabase_storage_admin', 'login noinherit createrole'),
      ('dashboard_user', 'nologin createdb createrole replication'),
      -- The login of the local API process. It reads and writes auth and storage itself; for anything in an exposed
      -- schema it becomes the caller's role, and has no privilege of its own there.
      ('supabase_lite', 'login noinherit bypassrls')
    ) as roles (name, attributes)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.attributes);
    end if;
  end loop;
end $$;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to supabase_lite;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
do $$
begin
  if current_setting('server_version_num')::int >= 160000 then
    grant pg_create_subscription to postgres;
  end if;
end $$;

alter role postgres set search_path = "$user", public, extensions;
alter role supabase_admin set search_path = "$user", public, auth, extensions;
alter role supabase_auth_admin set search_path = auth;
alter role supabase_storage_admin set search_path = storage;
alter role supabase_lite set search_path = public, extensions;

-- The time an API request may take, as on hosted. The API process applies the two of the role that it becomes.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_lite set statement_timeout = '8s';

do $$
begin
  execute format('alter database %I owner to postgres', current_database());
end $$;
alter schema public owner to pg_database_owner;
grant usage, create on schema public to postgres;
grant usage on schema public to anon, authenticated, service_role, supabase_lite;

create schema if not exists extensions;
alter schema extensions owner to postgres;  -- as on hosted: migrations grant its usage
grant usage on schema extensions
  to anon, authenticated, service_role, supabase_lite, supabase_auth_admin, supabase_storage_admin;
-- pgvector is not a trusted extension, so that only a superuser may create it; the migration that asks for it with
-- `if not exists` then finds it, as it does on hosted.
create extension if not exists vector with schema extensions;
create extension if not exists pg_stat_statements with schema extensions;

create schema if not exists auth authorization supabase_auth_admin;
create schema if not exists storage authorization supabase_storage_admin;
grant usage on schema auth, storage to postgres, dashboard_user, anon, authenticated, service_role, supabase_lite;
grant usage on schema auth to supabase_storage_admin;

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end $$;
alter publication supabase_realtime owner to postgres;

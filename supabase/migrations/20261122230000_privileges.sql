-- Purpose: the extension, the private schema, the two login roles, and nothing granted by default.
-- Undo: drop schema private cascade; drop role tidegate_gateway, tidegate_worker; restore default privileges.
set local lock_timeout = '10s';

create schema if not exists extensions;
create extension if not exists vector with schema extensions;

create schema private;
comment on schema private is
  'Tables and functions that no API exposes. Policies call its functions, so the API roles may use the schema and nothing more.';
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;

-- PostgreSQL lets PUBLIC execute every new function, and older Supabase projects grant every new table to the API
-- roles. Here each grant is written beside what it grants.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;

-- Roles belong to the whole cluster, so a second database finds them in place. Passwords are no business of a
-- migration: whoever deploys sets them.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'tidegate_gateway') then
    create role tidegate_gateway login noinherit;
  end if;
  if not exists (select from pg_catalog.pg_roles where rolname = 'tidegate_worker') then
    create role tidegate_worker login noinherit;
  end if;
end $$;
comment on role tidegate_gateway is 'Login of the gateway: owns nothing, may only become anon or authenticated.';
comment on role tidegate_worker is 'Login of the embedding worker: sees the rows that have a job, writes their chunks.';
grant anon, authenticated to tidegate_gateway;
alter role tidegate_gateway set statement_timeout = '8s';
alter role tidegate_worker set statement_timeout = '60s';
alter role tidegate_gateway set search_path = extensions;
alter role tidegate_worker set search_path = extensions;
grant usage on schema private, extensions to tidegate_gateway, tidegate_worker;
grant usage on schema public to tidegate_worker;

create function private.touch_updated_at() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end $$;
comment on function private.touch_updated_at() is 'Row trigger: keeps updated_at.';

create function private.keep_key() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  raise exception 'the key of % cannot be changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;
comment on function private.keep_key() is
  'Row trigger: refuses another key. The right to update key columns is granted all the same, since PostgREST writes them '
  'in an upsert, as they were.';

-- What the auth and storage tables need once they exist: owners, privileges, and the auth.* helpers that policies call.
-- Run as the superuser after bootstrap.sql and the output of system_schema.ts; running it again changes nothing.

do $$
declare
  item record;
begin
  for item in
    select format('alter table %I.%I owner to %I', n.nspname, c.relname, 'supabase_' || n.nspname || '_admin') as command
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('auth', 'storage') and c.relkind in ('r', 'p', 'v', 'S')
    union all
    select format('alter routine %s owner to %I', p.oid::regprocedure, 'supabase_' || n.nspname || '_admin')
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('auth', 'storage')
  loop
    execute item.command;
  end loop;
end $$;

grant all on all tables in schema auth, storage to postgres, dashboard_user, supabase_lite;
grant all on all sequences in schema auth, storage to postgres, dashboard_user, supabase_lite;
-- Row level security alone guards the storage tables, as on hosted.
grant all on all tables in schema storage to anon, authenticated, service_role;
-- Hosted lets postgres create policies on storage.objects through an extension; membership does the same.
grant supabase_storage_admin to postgres;

-- The caller, as the API states it: one JSON setting, or one setting per claim as older APIs did.
create or replace function auth.jwt() returns jsonb
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

create or replace function auth.uid() returns uuid
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;

create or replace function auth.role() returns text
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;

create or replace function auth.email() returns text
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;

alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;
grant execute on function auth.jwt(), auth.uid(), auth.role(), auth.email() to public;

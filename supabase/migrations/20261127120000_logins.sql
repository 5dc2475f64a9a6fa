-- Purpose: a leaked password of a login is worth little: logins and callers create nothing, temporary objects neither.
-- Undo: grant temporary on the database to public; drop function private.forbid_temporary_objects().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.forbid_temporary_objects() returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  keeper name;
begin
  execute format('revoke temporary on database %I from public', current_database());
  -- Supabase's own services keep what they had; the owner of the database, postgres, has it anyway.
  for keeper in select r.rolname from pg_roles r where r.rolname ~ '^supabase_' or r.rolname = 'dashboard_user' loop
    execute format('grant temporary on database %I to %I', current_database(), keeper);
  end loop;
  if has_database_privilege('anon', current_database(), 'temporary') then
    raise exception 'PUBLIC may still create temporary objects in the database %', current_database()
      using errcode = 'insufficient_privilege',
            hint = format('Run as the owner of the database: revoke temporary on database %I from public.', current_database());
  end if;
end $$;
comment on function private.forbid_temporary_objects() is
  'Takes from everybody but Supabase''s services the right to create temporary objects in this database. The owner of the '
  'database runs it again in a copy: neither create database … template nor a plain dump carries rights to a database.';
select private.forbid_temporary_objects();

-- Projects that began before PostgreSQL 15 let everybody create tables here.
revoke create on schema public from public;

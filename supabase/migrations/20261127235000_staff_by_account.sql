-- Purpose: who is no longer staff is refused at the next statement, not when the token ends; what the gateway keeps for such a
--   person is forgotten.
-- Undo: create private.is_staff again as in 20261122230200, with a pinned search_path; drop function private.is_staff_account();
--   drop trigger note_demoted_account on auth.users.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.is_staff_account() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from auth.users u where u.id = auth.uid() and u.raw_app_meta_data -> 'staff' = 'true'::jsonb)
$$;
comment on function private.is_staff_account() is
  'Whether the caller''s account has app_metadata.staff = true now, whatever the token says. Definer: callers read no table of '
  'auth, and learn of their own account alone.';
grant execute on function private.is_staff_account() to anon, authenticated, service_role;

create or replace function private.is_staff() returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  -- The token is read first: only who claims to be staff pays for the look at the account.
  select case when auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb then private.is_staff_account() else false end
$$;
comment on function private.is_staff() is
  'Whether the caller is staff: the token and the account both have app_metadata.staff = true, which only an administrator can '
  'set (user_metadata is the user''s own).';

create trigger note_demoted_account after update of raw_app_meta_data on auth.users for each row
  when (old.raw_app_meta_data -> 'staff' = 'true'::jsonb
        and new.raw_app_meta_data -> 'staff' is distinct from 'true'::jsonb)
  execute function private.note_lost_person();
comment on function private.note_lost_person() is
  'Row trigger of memberships and shares that change, and of accounts that are banned, deleted or no longer staff. Definer: '
  'calls note_rights_lost.';

-- Purpose: an account that is banned, softly deleted or gone does nothing from that moment, whatever its tokens say: no
--   table lets it read or write, no function acts for it. A visitor's rights are everybody's, also theirs: without a token.
--   20261127190200 gives every table and function what is made here.
-- Undo: create private.become again without private.require_open_account(); drop the three functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.require_open_account() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person constant uuid := auth.uid();
  account record;
  hint constant text := 'Without a token you may do what every visitor may.';
begin
  if person is null then
    return null;
  end if;
  select u.deleted_at, u.banned_until into account from auth.users u where u.id = person;
  if not found or account.deleted_at is not null then
    raise sqlstate 'PT401' using message = 'this account is closed', hint = hint;
  elsif account.banned_until > now() then
    raise sqlstate 'PT403' using message = 'this account is banned', hint = hint,
      detail = jsonb_build_object('banned_until', account.banned_until)::text;
  end if;
  return person;
end $$;
comment on function private.require_open_account() is
  'The caller''s account; null for nobody. PT403 when it is banned (auth.users.banned_until), PT401 when it is softly deleted '
  '(deleted_at) or gone. Definer: callers read no table of auth, and learn of their own account alone.';

create function private.open_account() returns uuid
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person constant uuid := auth.uid();
begin
  if person is null then
    return null;
  end if;
  perform from auth.users u
  where u.id = person and u.deleted_at is null and coalesce(u.banned_until <= now(), true);
  if found then
    return person;
  end if;
  -- Where Supabase's services ask the policies, a closed account is nobody: Realtime asks for many people in one statement,
  -- where an error of one would be everybody's, and Storage knows a refusal, but makes 500 of an error that it does not
  -- know. supabase_lite is the login of the local stack, for the Data API as well.
  if (session_user::text ~ '^supabase_' and session_user <> 'supabase_lite')
    or coalesce(current_setting('storage.operation', true), '') <> ''
  then
    return null;
  end if;
  return private.require_open_account();
end $$;
comment on function private.open_account() is
  'As require_open_account, for policies: null for a closed account where Supabase''s Storage and Realtime ask. Definer: as that.';

grant execute on function private.require_open_account(), private.open_account() to anon, authenticated, service_role;

create function private.refuse_closed_accounts(target regclass) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'create policy "open accounts alone" on %s as restrictive for all to authenticated '
    'using ((select private.open_account()) is not null)', target);
end $$;
comment on function private.refuse_closed_accounts(regclass) is
  'Gives a table the policy that keeps accounts out which are banned, softly deleted or gone. For every table that '
  'authenticated has a right to; the owner of the table runs it.';

create or replace function private.become(claims text) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
  perform private.require_open_account();
end $$;

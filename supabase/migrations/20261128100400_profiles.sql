-- Accounts, staff and profiles.
--
-- Supabase Auth owns the accounts (auth.users). An account that is banned, softly deleted or gone can do nothing from
-- that moment on, whatever its tokens say: every table that people may touch gets the restrictive policy "open accounts
-- alone", and every public function that people may call begins with private.require_open_account().
--
-- Staff are accounts whose app_metadata has staff = true. The token must say so, and the account must still say so.
--
-- Each account has a profile, made by a trigger. A sign-up never fails because of its profile: whatever cannot be
-- stored is left out.

create function private.is_staff_account() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from auth.users u where u.id = auth.uid() and u.raw_app_meta_data -> 'staff' = 'true'::jsonb)
$$;
comment on function private.is_staff_account is
  'Whether the caller''s account has app_metadata.staff = true now, whatever the token says. Definer: reads '
  'auth.users, the caller''s own row only.';

create function private.is_staff() returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  -- The token first: it is cheaper, and false for almost everybody.
  select coalesce(auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb, false) and private.is_staff_account()
$$;
comment on function private.is_staff is
  'Whether the caller is staff: both the token and the account have app_metadata.staff = true, which only an '
  'administrator can set (people write user_metadata themselves).';

create function private.acts_for_the_shop() returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select private.is_staff() or coalesce(auth.jwt() ->> 'role' = 'service_role', false)
$$;
comment on function private.acts_for_the_shop is 'Whether the caller is staff, or a server with the secret key.';
grant execute on function private.acts_for_the_shop to authenticated, service_role;

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
comment on function private.require_open_account is
  'The caller''s account, or null for a visitor. Raises PT403 when it is banned (auth.users.banned_until), PT401 when '
  'it is softly deleted (deleted_at) or gone. Definer: reads auth.users, the caller''s own row only.';

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
  -- For Supabase's services a closed account is nobody instead of an error: Realtime evaluates policies for many people
  -- in one statement, and Storage answers 500 to an error that it does not know. supabase_lite is the login of the
  -- local stack, which serves the Data API too.
  if (session_user::text ~ '^supabase_' and session_user <> 'supabase_lite')
    or coalesce(current_setting('storage.operation', true), '') <> ''
  then
    return null;
  end if;
  return private.require_open_account();
end $$;
comment on function private.open_account is
  'require_open_account for policies: null for a closed account where Storage or Realtime asks. Definer: likewise.';

create function private.refuse_closed_accounts(target regclass) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'create policy "open accounts alone" on %s as restrictive for all to authenticated '
    'using ((select private.open_account()) is not null)', target);
end $$;
comment on function private.refuse_closed_accounts is
  'Adds the policy that keeps out accounts that are banned, softly deleted or gone. Call it for every table on which '
  'authenticated has a right, as the owner of the table.';

create function private.deceptive_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select '[\u0001-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]' $$;
comment on function private.deceptive_characters is
  'A regular expression: control characters, line breaks, and what is not seen or turns the direction of writing. With '
  'these a name looks like another. Joiners of emoji and of Persian stay.';
grant execute on function private.deceptive_characters to authenticated, service_role;

create function private.person_name(metadata jsonb) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select left(n.name, 200)
  from unnest(array['display_name', 'full_name', 'name', 'preferred_username', 'user_name'])
    with ordinality k (key, place)
  cross join (
    values ('[\u0009-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+')) w (white_space)
  cross join lateral (
    select regexp_replace(
             regexp_replace(metadata ->> k.key, private.deceptive_characters(), ' ', 'g'),
             '^' || w.white_space || '|' || w.white_space || '$', '', 'g')) n (name)
  where jsonb_typeof(metadata -> k.key) = 'string' and n.name <> ''
  order by k.place limit 1
$$;
comment on function private.person_name is
  'The display name in a sign-up''s metadata, by the keys that clients and identity providers use; null without one.';

create function private.e164(phone text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  -- Auth stores numbers without the plus.
  select '+' || ltrim(phone, '+') where '+' || ltrim(phone, '+') ~ '^\+[1-9][0-9]{6,14}$'
$$;
comment on function private.e164 is 'A telephone number in E.164 with its leading plus; null when it is not one.';

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text
    constraint "display_name has 1 to 200 characters" check (char_length(display_name) between 1 and 200)
    constraint "display_name has no line breaks and no unseen characters" check (
      display_name !~ private.deceptive_characters())
    constraint "display_name is not all white space" check (
      display_name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'),
  phone text
    constraint "phone is + and 7 to 15 digits without spaces (E.164)" check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  email text
    constraint "email is in lower case" check (email = lower(email)),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index profiles_email_idx on public.profiles (email);
alter table public.profiles enable row level security, force row level security;

comment on table public.profiles is 'One row per account, made by a trigger on auth.users.';
comment on column public.profiles.id is 'The account.';
comment on column public.profiles.display_name is
  'Name that others may be shown; 1 to 200 characters, not all of them white space.';
comment on column public.profiles.phone is
  'E.164 with its leading plus. At first the number of the sign-up; several people may share one.';
comment on column public.profiles.email is
  'The address that the account signs in with, in lower case, kept in step with Auth; null for an account without one.';
comment on column public.profiles.created_at is 'When the account appeared.';
comment on column public.profiles.updated_at is 'Last change.';

grant select (id, display_name, phone, email, created_at, updated_at) on public.profiles to authenticated;
grant update (display_name, phone) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

-- `id = … or is_staff()` would scan the whole table for everybody. A range is one row for a person and every row for
-- staff, and the primary key serves both.
create policy "people read their own profile, staff read all" on public.profiles
  for select to authenticated
  using (
    id >= (
      select case when private.is_staff() then '00000000-0000-0000-0000-000000000000' else (select auth.uid()) end)
    and id <= (
      select case when private.is_staff() then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else (select auth.uid()) end));
create policy "people change their own profile" on public.profiles
  for update to authenticated
  using (id = (select auth.uid()))
  with check (id = (select auth.uid()));
select private.refuse_closed_accounts('public.profiles');

create trigger touch_updated_at before update on public.profiles
  for each row execute function private.touch_updated_at();

create function private.free_email(email text, person uuid) returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select lower(free_email.email)
  where free_email.email <> ''
    and not exists (select from public.profiles p where p.email = lower(free_email.email) and p.id <> person)
$$;
comment on function private.free_email is 'The address in lower case; null when it is empty or another profile has it.';

create function private.create_profile() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  name constant text := private.person_name(new.raw_user_meta_data);
  phone constant text := private.e164(new.phone);
begin
  insert into public.profiles (id, display_name, phone, email)
  values (new.id, name, phone, private.free_email(new.email, new.id))
  on conflict do nothing;
  if not found then
    -- Another account took the address at this moment.
    insert into public.profiles (id, display_name, phone) values (new.id, name, phone) on conflict (id) do nothing;
  end if;
  return new;
end $$;
comment on function private.create_profile is
  'Row trigger on auth.users: makes a profile for each account, however it signs up. Definer: Auth has no rights on '
  'public.';

create trigger create_profile after insert on auth.users
  for each row execute function private.create_profile();

create function private.follow_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  begin
    update public.profiles p set email = private.free_email(new.email, new.id)
    where p.id = new.id and p.email is distinct from lower(new.email);
  exception when unique_violation then
    -- Another account took the address at this moment. Auth decides who signs in with it.
    update public.profiles p set email = null where p.id = new.id;
  end;
  -- A number that the person has not changed follows the account's.
  update public.profiles p set phone = private.e164(new.phone)
  where p.id = new.id and new.phone is distinct from old.phone and p.phone is not distinct from private.e164(old.phone);
  return null;
end $$;
comment on function private.follow_account is
  'Row trigger on auth.users: copies a changed address to the profile, and a changed number unless the person chose '
  'another one. Definer: as create_profile.';

create trigger follow_account after update of email, phone on auth.users
  for each row when ((old.email, old.phone) is distinct from (new.email, new.phone))
  execute function private.follow_account();

-- Accounts that were there before this schema. Auth lets single sign-on accounts share an address; the oldest has it.
insert into public.profiles (id, display_name, phone)
select u.id, private.person_name(u.raw_user_meta_data), private.e164(u.phone) from auth.users u;
update public.profiles p set email = f.email
from (
  select distinct on (lower(u.email)) u.id, lower(u.email) as email from auth.users u
  where u.email <> '' order by lower(u.email), u.is_sso_user, u.created_at, u.id) f
where f.id = p.id;

grant execute on function
  private.is_staff_account, private.is_staff, private.require_open_account, private.open_account
  to anon, authenticated, service_role;

-- Purpose: a profile for every account, however it came about, with its e-mail address and telephone number.
-- Undo: drop trigger follow_account on auth.users; drop function private.follow_account(), private.free_email(text, uuid),
--   private.e164(text), private.person_name(jsonb); alter table public.profiles drop column email; create
--   private.create_profile() again as in 20261122230200.
set local lock_timeout = '10s';
set local statement_timeout = '120s';

alter table public.profiles add column email text;
comment on column public.profiles.email is
  'The address that the account signs in with, in lower case, kept as Auth has it; null for an account without one.';
comment on column public.profiles.display_name is 'What others may be shown, 1 to 200 characters, not all of them white space.';
comment on column public.profiles.phone is
  'E.164, with the leading plus. A way to call somebody, at first the number of the sign-up; several people may share one.';
-- As in 20261123020100: the planner's samples tell nobody's address.
alter table public.profiles alter column email set statistics 0;

create function private.person_name(metadata jsonb) returns text
language sql immutable security invoker parallel safe set search_path = ''
as $$
  select left(n.name, 200)
  from unnest(array['display_name', 'full_name', 'name', 'preferred_username', 'user_name']) with ordinality k (key, place)
  cross join lateral (
    select regexp_replace(metadata ->> k.key,
      '^[\u0009-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\u0009-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$', '', 'g')) n (name)
  where jsonb_typeof(metadata -> k.key) = 'string' and n.name <> ''
  order by k.place limit 1
$$;
comment on function private.person_name(jsonb) is
  'What a person said to be called, by the keys that clients and identity providers use; null where nothing of it is text.';

create function private.e164(phone text) returns text
language sql immutable security invoker parallel safe set search_path = ''
as $$
  -- Auth stores numbers without the plus.
  select '+' || ltrim(phone, '+') where '+' || ltrim(phone, '+') ~ '^\+[1-9][0-9]{6,14}$'
$$;
comment on function private.e164(text) is 'A telephone number in E.164 with the leading plus; null for what is none.';

create function private.free_email(email text, person uuid) returns text
language sql stable security invoker set search_path = ''
as $$
  select lower(free_email.email)
  where free_email.email <> ''
    and not exists (select from public.profiles p where p.email = lower(free_email.email) and p.id <> person)
$$;
comment on function private.free_email(text, uuid) is
  'An address in lower case, unless somebody else''s profile has it; null otherwise, and for none.';

-- Accounts from before the first migration, and addresses from before this one. Of two accounts with one address, which
-- Auth allows to single sign-on, the older has it.
insert into public.profiles (id, display_name, phone)
select u.id, private.person_name(u.raw_user_meta_data), private.e164(u.phone) from auth.users u
on conflict (id) do nothing;
update public.profiles p set email = f.email
from (
  select distinct on (lower(u.email)) u.id, lower(u.email) as email from auth.users u
  where u.email <> '' order by lower(u.email), u.is_sso_user, u.created_at, u.id) f
where f.id = p.id;
update public.profiles set display_name = null
where display_name !~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]';

create unique index profiles_email_idx on public.profiles (email);
alter table public.profiles
  add constraint profiles_email_check check (email = lower(email)) not valid,
  add constraint profiles_display_name_blank_check
    check (display_name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]') not valid;

-- A sign-up must never fail for its profile: what cannot be kept of it is left out.
create or replace function private.create_profile() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  name constant text := private.person_name(new.raw_user_meta_data);
  phone constant text := private.e164(new.phone);
begin
  insert into public.profiles (id, display_name, phone, email)
  values (new.id, name, phone, private.free_email(new.email, new.id))
  on conflict do nothing;
  if not found then
    -- Somebody else took the address in this moment.
    insert into public.profiles (id, display_name, phone) values (new.id, name, phone) on conflict (id) do nothing;
  end if;
  return new;
end $$;
comment on function private.create_profile() is
  'Row trigger on auth.users: a profile for each account, whether it signs up by password, telephone, identity provider, '
  'invitation or as nobody in particular. Definer: the Auth service that inserts accounts has no rights on public.';

create function private.follow_account() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  begin
    update public.profiles p set email = private.free_email(new.email, new.id)
    where p.id = new.id and p.email is distinct from lower(new.email);
  exception when unique_violation then
    -- Somebody else took the address in this moment; Auth itself decides who signs in with it.
    update public.profiles p set email = null where p.id = new.id;
  end;
  -- A number that the person has not changed follows the one of the account.
  update public.profiles p set phone = private.e164(new.phone)
  where p.id = new.id and new.phone is distinct from old.phone and p.phone is not distinct from private.e164(old.phone);
  return null;
end $$;
comment on function private.follow_account() is
  'Row trigger on auth.users: the profile has the account''s address, and its number until the person chooses another. '
  'Definer: as create_profile.';

create trigger follow_account after update of email, phone on auth.users
  for each row when ((old.email, old.phone) is distinct from (new.email, new.phone))
  execute function private.follow_account();

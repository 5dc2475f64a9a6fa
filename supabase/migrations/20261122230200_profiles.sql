-- Purpose: one profile per person, made with the account, and who counts as staff.
-- Undo: drop trigger create_profile on auth.users; drop table public.profiles; drop the two functions below.
set local lock_timeout = '10s';

create function private.is_staff() returns boolean
language sql stable security invoker set search_path = ''
as $$
  select coalesce(auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb, false)
$$;
comment on function private.is_staff() is
  'Whether the caller carries app_metadata.staff = true, which only an administrator can set (user_metadata is the user''s own).';
grant execute on function private.is_staff() to anon, authenticated, service_role;

create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  display_name text check (char_length(display_name) between 1 and 200),
  phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.profiles enable row level security;
alter table public.profiles force row level security;

comment on table public.profiles is 'One row per account, made by a trigger on auth.users.';
comment on column public.profiles.id is 'The account.';
comment on column public.profiles.display_name is 'What others may be shown, 1 to 200 characters.';
comment on column public.profiles.phone is 'E.164, with the leading plus.';
comment on column public.profiles.created_at is 'When the account appeared.';
comment on column public.profiles.updated_at is 'Last change.';

grant select on public.profiles to authenticated;
grant update (display_name, phone) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

create policy "people read their own profile, staff read all" on public.profiles
  for select to authenticated
  using (id = (select auth.uid()) or (select private.is_staff()));
create policy "people change their own profile" on public.profiles
  for update to authenticated
  using (id = (select auth.uid()))
  with check (id = (select auth.uid()));

create trigger touch_updated_at before update on public.profiles
  for each row execute function private.touch_updated_at();

create function private.create_profile() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.profiles (id, display_name)
  values (
    new.id,
    nullif(left(trim(coalesce(new.raw_user_meta_data ->> 'display_name', new.raw_user_meta_data ->> 'full_name', '')), 200), ''))
  on conflict (id) do nothing;
  return new;
end $$;
comment on function private.create_profile() is
  'Row trigger on auth.users. Definer: the Auth service that inserts accounts has no rights on public.';

create trigger create_profile after insert on auth.users
  for each row execute function private.create_profile();

-- Purpose: tenants, their people, and the set of audiences a caller belongs to.
-- Undo: drop table public.memberships, public.organizations; drop type public.membership_role; drop the functions below.
set local lock_timeout = '10s';

-- In rising order of power, so that role >= 'editor' reads as it should.
create type public.membership_role as enum ('viewer', 'editor', 'admin', 'owner');
comment on type public.membership_role is 'viewer reads; editor writes documents; admin manages people; owner can delete the organization.';

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 200),
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 63),
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index organizations_created_by_idx on public.organizations (created_by);
alter table public.organizations enable row level security;
alter table public.organizations force row level security;

comment on table public.organizations is 'Tenants. Clients cannot choose the id: it doubles as the audience of its documents.';
comment on column public.organizations.id is 'The organization, and the audience (scope) of its documents.';
comment on column public.organizations.name is 'Name shown to people.';
comment on column public.organizations.slug is 'Short name in addresses: lower case, digits, hyphens.';
comment on column public.organizations.created_by is
  'Who made it; null once that person left. Lets an insert answer with its row before the membership exists.';
comment on column public.organizations.created_at is 'When it was made.';
comment on column public.organizations.updated_at is 'Last change.';

create table public.memberships (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role public.membership_role not null default 'viewer',
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index memberships_user_id_idx on public.memberships (user_id, organization_id) include (role);
alter table public.memberships enable row level security;
alter table public.memberships force row level security;

comment on table public.memberships is 'Who belongs to which organization, in which role.';
comment on column public.memberships.organization_id is 'The organization.';
comment on column public.memberships.user_id is 'The person.';
comment on column public.memberships.role is 'What the person may do there.';
comment on column public.memberships.created_at is 'When the person joined.';

-- Who the caller is to whom ------------------------------------------------------------------------------------

create function private.my_organizations(minimum public.membership_role default 'viewer') returns setof uuid
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  return query
    select m.organization_id from public.memberships m
    where m.user_id = auth.uid() and m.role >= minimum;
end $$;
comment on function private.my_organizations(public.membership_role) is
  'Organizations in which the caller has at least this role. Definer: policies of memberships themselves ask it, which would recurse.';
grant execute on function private.my_organizations(public.membership_role) to anon, authenticated, service_role;

create function private.my_scopes() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = ''
as $$
declare
  caller constant uuid := auth.uid();
begin
  return next '00000000-0000-0000-0000-000000000000'::uuid;
  return next '00000000-0000-0000-0000-000000000001'::uuid;
  if caller is not null then
    return next caller;
    return query select m.organization_id from public.memberships m where m.user_id = caller;
    if private.is_staff() then
      return next '00000000-0000-0000-0000-000000000002'::uuid;
    end if;
  end if;
end $$;
comment on function private.my_scopes() is
  'Audiences the caller belongs to: everyone (…0), the shop window (…1), the caller, each organization, and for staff the '
  'products that are not on sale (…2). Definer: reads memberships on behalf of policies.';
grant execute on function private.my_scopes() to anon, authenticated, service_role;

-- Organizations: grants and policies ---------------------------------------------------------------------------

grant select, delete on public.organizations to authenticated;
grant insert (name, slug), update (name, slug) on public.organizations to authenticated;
grant select, insert, update, delete on public.organizations to service_role;

create policy "members and the creator read their organization" on public.organizations
  for select to authenticated
  using (id in (select private.my_organizations()) or created_by = (select auth.uid()));
create policy "people found organizations" on public.organizations
  for insert to authenticated
  with check (created_by = (select auth.uid()));
create policy "admins change their organization" on public.organizations
  for update to authenticated
  using (id in (select private.my_organizations('admin')))
  with check (id in (select private.my_organizations('admin')));
create policy "owners delete their organization" on public.organizations
  for delete to authenticated
  using (id in (select private.my_organizations('owner')));

create trigger touch_updated_at before update on public.organizations
  for each row execute function private.touch_updated_at();

-- Memberships: grants and policies -----------------------------------------------------------------------------

grant select, delete on public.memberships to authenticated;
grant insert (organization_id, user_id, role), update (organization_id, user_id, role) on public.memberships to authenticated;
grant select, insert, update, delete on public.memberships to service_role;

create policy "members see who else belongs" on public.memberships
  for select to authenticated
  using (organization_id in (select private.my_organizations()));
create policy "admins add people, only owners add owners" on public.memberships
  for insert to authenticated
  with check (
    organization_id in (select private.my_organizations('admin'))
    and (role < 'owner' or organization_id in (select private.my_organizations('owner'))));
create policy "admins change roles, only owners touch owners" on public.memberships
  for update to authenticated
  using (
    organization_id in (select private.my_organizations('admin'))
    and (role < 'owner' or organization_id in (select private.my_organizations('owner'))))
  with check (
    organization_id in (select private.my_organizations('admin'))
    and (role < 'owner' or organization_id in (select private.my_organizations('owner'))));
create policy "people leave, admins remove, only owners remove owners" on public.memberships
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or (
      organization_id in (select private.my_organizations('admin'))
      and (role < 'owner' or organization_id in (select private.my_organizations('owner')))));

-- The creator becomes owner; the last owner stays --------------------------------------------------------------

create function private.add_creator_as_owner() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.memberships (organization_id, user_id, role) values (new.id, new.created_by, 'owner');
  return new;
end $$;
comment on function private.add_creator_as_owner() is
  'Row trigger on organizations. Definer: nobody may add the first member of an organization otherwise.';

create trigger add_creator_as_owner after insert on public.organizations
  for each row when (new.created_by is not null) execute function private.add_creator_as_owner();

create function private.has_other_owner(organization_id uuid, user_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Two owners who leave at once must see each other: they queue on the organization's row.
  perform from public.organizations o where o.id = has_other_owner.organization_id for no key update;
  return exists (
    select from public.memberships m
    where m.organization_id = has_other_owner.organization_id
      and m.user_id <> has_other_owner.user_id
      and m.role = 'owner');
end $$;
comment on function private.has_other_owner(uuid, uuid) is
  'Whether somebody else owns the organization. Definer: locks a row that the caller may not lock.';
grant execute on function private.has_other_owner(uuid, uuid) to authenticated;

create function private.keep_an_owner() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  -- Only people are held to it: deleting an account or an organization cascades as the table's owner.
  if current_user = 'authenticated' and not private.has_other_owner(old.organization_id, old.user_id) then
    raise exception 'an organization keeps at least one owner'
      using errcode = 'check_violation', hint = 'Make somebody else an owner first, or delete the organization.';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
comment on function private.keep_an_owner() is 'Row trigger on memberships: refuses to lose the last owner.';

create trigger keep_key before update on public.memberships
  for each row when ((old.organization_id, old.user_id) is distinct from (new.organization_id, new.user_id))
  execute function private.keep_key();
create trigger keep_an_owner_on_delete before delete on public.memberships
  for each row when (old.role = 'owner') execute function private.keep_an_owner();
create trigger keep_an_owner_on_update before update on public.memberships
  for each row when (old.role = 'owner' and new.role <> 'owner') execute function private.keep_an_owner();

create function private.forget_creator() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.organizations o set created_by = null
  where o.id = old.organization_id and o.created_by = old.user_id;
  return null;
end $$;
comment on function private.forget_creator() is
  'Row trigger on memberships: a creator who left no longer reads the organization. Definer: the leaver may not update it.';

create trigger forget_creator after delete on public.memberships
  for each row execute function private.forget_creator();

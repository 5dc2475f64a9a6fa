-- Tenants, their members, and the scopes that a caller may read.
--
-- A scope is a uuid that says who may see a row. Every document, product and chunk carries one, and the policies ask
-- for `scope_id = any (array(select private.my_scopes()))`, which is evaluated once a statement and answered by an
-- index. Scopes are: everybody (…0), the shop (…1), staff (…2), a person's own id, an organization's own id, and the
-- public scope of an organization (see publishing).
--
-- Rules that a policy cannot express are triggers: an organization keeps an owner, nobody becomes an owner without
-- accepting, and counts stay within private.limits.

-- In ascending order of power, so that role >= 'editor' means what it says.
create type public.membership_role as enum ('viewer', 'editor', 'admin', 'owner');
comment on type public.membership_role is
  'viewer reads; editor writes documents; admin manages people; owner can delete the organization.';

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null
    constraint "name has 1 to 200 characters" check (char_length(name) between 1 and 200)
    constraint "name has no line breaks and no unseen characters" check (name !~ private.deceptive_characters())
    constraint "name is not all white space" check (name ~ '[^\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]'),
  slug text not null
    constraint "slug of an organization is unique" unique
    constraint "slug has a-z, 0-9 and single hyphens, at most 63 characters" check (
      slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 63),
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  may_publish boolean not null default false,
  published_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint "an organization that may publish has published_at" check (published_at is not null or not may_publish)
);
create index organizations_created_by_idx on public.organizations (created_by);
create index organizations_publishers_idx on public.organizations (may_publish, id) where published_at is not null;
alter table public.organizations enable row level security, force row level security;

comment on table public.organizations is 'Tenants. Clients cannot choose the id, which is also a scope.';
comment on column public.organizations.id is 'The organization; also the scope of its documents.';
comment on column public.organizations.name is 'Name shown to people.';
comment on column public.organizations.slug is 'Short name in addresses: lower case, digits, hyphens.';
comment on column public.organizations.created_by is
  'Founder; null once that person left. Lets an insert return its row before the membership exists.';
comment on column public.organizations.may_publish is
  'Whether everybody reads its public documents; otherwise its members do. Set by staff, with set_publishing.';
comment on column public.organizations.published_at is 'When it was first allowed to publish; null if never.';
comment on column public.organizations.created_at is 'When it was made.';
comment on column public.organizations.updated_at is 'Last change.';

grant select (
  id, name, slug, created_by, may_publish, published_at, created_at, updated_at)
  on public.organizations to authenticated;
grant insert (name, slug) on public.organizations to authenticated;
grant update (name, slug) on public.organizations to authenticated;
grant delete on public.organizations to authenticated;
grant select, insert, update, delete on public.organizations to service_role;

create policy "people found organizations" on public.organizations
  for insert to authenticated
  with check (created_by = (select auth.uid()));
select private.refuse_closed_accounts('public.organizations');

create trigger touch_updated_at before update on public.organizations
  for each row execute function private.touch_updated_at();
create trigger a_enforce_rows_of_new after insert on public.organizations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

create table public.memberships (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role public.membership_role not null default 'viewer',
  created_at timestamptz not null default now(),
  primary key (organization_id, user_id)
);
create index memberships_user_id_idx on public.memberships (user_id, organization_id) include (role);
alter table public.memberships enable row level security, force row level security;

comment on table public.memberships is 'Who belongs to which organization, in which role.';
comment on column public.memberships.organization_id is 'The organization.';
comment on column public.memberships.user_id is 'The person.';
comment on column public.memberships.role is 'What the person may do there.';
comment on column public.memberships.created_at is 'When the person joined.';

grant select (organization_id, user_id, role, created_at) on public.memberships to authenticated;
grant update (role) on public.memberships to authenticated;
grant delete on public.memberships to authenticated;
grant select, insert, update, delete on public.memberships to service_role;

select private.refuse_closed_accounts('public.memberships');

create trigger forbid_key_change before update on public.memberships
  for each row when ((old.organization_id, old.user_id) is distinct from (new.organization_id, new.user_id))
  execute function private.forbid_key_change();
create trigger a_enforce_rows_of_changed after update on public.memberships
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

create function private.my_organizations(minimum public.membership_role default 'viewer') returns setof uuid
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select m.organization_id from public.memberships m
    where m.user_id = auth.uid() and m.role >= minimum;
end $$;
comment on function private.my_organizations is
  'Organizations in which the caller has at least this role. Definer: policies of memberships call it.';
grant execute on function private.my_organizations to anon, authenticated, service_role;

create policy "members and the creator read their organization" on public.organizations
  for select to authenticated
  using (id = any (array(select private.my_organizations())) or created_by = (select auth.uid()));
create policy "admins change their organization" on public.organizations
  for update to authenticated
  using (id = any (array(select private.my_organizations('admin'))))
  with check (id = any (array(select private.my_organizations('admin'))));
create policy "owners delete their organization" on public.organizations
  for delete to authenticated
  using (id = any (array(select private.my_organizations('owner'))));
create policy "members see who else belongs" on public.memberships
  for select to authenticated
  using (organization_id = any (array(select private.my_organizations())));
create policy "admins change roles, only owners touch owners" on public.memberships
  for update to authenticated
  using (
    organization_id = any (array(select private.my_organizations('admin')))
    and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner')))))
  with check (
    organization_id = any (array(select private.my_organizations('admin')))
    and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner')))));
create policy "people leave, admins remove, only owners remove owners" on public.memberships
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or (
      organization_id = any (array(select private.my_organizations('admin')))
      and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner'))))));

create function private.public_scope(organization_id uuid) returns uuid
language sql immutable strict security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.md5('public documents of ' || organization_id::text)::uuid
$$;
comment on function private.public_scope is 'Scope of the public documents of an organization.';
grant execute on function private.public_scope to anon, authenticated, service_role, tidegate_worker;

create function private.my_scopes() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  caller constant uuid := auth.uid();
  organizations uuid[];
begin
  return next '00000000-0000-0000-0000-000000000000'::uuid;
  return next '00000000-0000-0000-0000-000000000001'::uuid;
  return query
    select private.public_scope(o.id) from public.organizations o where o.published_at is not null and o.may_publish;
  if caller is not null then
    return next caller;
    organizations := array(select m.organization_id from public.memberships m where m.user_id = caller);
    return query select o.id from unnest(organizations) o (id);
    -- An array is looked for in one pass over these, which are few; a join would look up every membership.
    return query
      select private.public_scope(o.id) from public.organizations o
      where o.published_at is not null and not o.may_publish and o.id = any (organizations);
    if private.is_staff() then
      return next '00000000-0000-0000-0000-000000000002'::uuid;
    end if;
  end if;
end $$;
comment on function private.my_scopes is
  'Scopes that the caller may read: everybody (…0), the shop (…1), the public scope of each organization that may '
  'publish, the caller, each of their organizations with its public scope, and for staff the products that are not on '
  'sale (…2). Definer: reads memberships for the policies.';
grant execute on function private.my_scopes to anon, authenticated, service_role;

create function private.add_creator_as_owner() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.memberships (organization_id, user_id, role) values (new.id, new.created_by, 'owner');
  return new;
end $$;
comment on function private.add_creator_as_owner is
  'Row trigger on organizations. Definer: nobody else may add the first member.';

create trigger add_creator_as_owner after insert on public.organizations
  for each row when (new.created_by is not null) execute function private.add_creator_as_owner();

create function private.lock_leaving(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  -- Locking 100,000 rows takes two seconds, so a large request locks out all others instead. Everybody takes this lock
  -- before any row, so that there is no deadlock.
  if cardinality(organization_ids) > 1000 then
    perform pg_advisory_xact_lock(20261127, 1);
  else
    perform pg_advisory_xact_lock_shared(20261127, 1);
    perform from public.organizations o where o.id = any (organization_ids) order by o.id for no key update;
  end if;
end $$;
comment on function private.lock_leaving is 'Keeps others from leaving these organizations until the transaction ends.';

create function private.lock_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- All of them, since a member may become an owner by what the others do.
  perform private.lock_leaving(array(select m.organization_id from public.memberships m where m.user_id = person));
end $$;
comment on function private.lock_organizations is
  'Keeps everybody else from leaving the organizations of a person until the transaction ends.';

create function private.orphaned_organizations(person uuid)
returns table (id uuid, name text, has_others boolean)
language plpgsql stable security invoker rows 1
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  owned constant uuid[] := array(
    select m.organization_id from public.memberships m where m.user_id = person and m.role = 'owner');
begin
  return query
    with others as materialized (
      select m.organization_id, bool_or(m.role = 'owner') as are_owners
      from public.memberships m where m.organization_id = any (owned) and m.user_id <> person
      group by m.organization_id)
    select o.id, o.name, s.organization_id is not null
    from public.organizations o left join others s on s.organization_id = o.id
    where o.id = any (owned) and not coalesce(s.are_owners, false);
end $$;
comment on function private.orphaned_organizations is
  'Organizations of which a person is the only owner, and whether they have other members.';

create function private.require_owner(organization_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  -- So that two owners who leave at once see each other.
  perform private.lock_leaving(organization_ids);
  if exists (
    select from public.organizations o
    where o.id = any (organization_ids)
      and not exists (select from public.memberships m where m.organization_id = o.id and m.role = 'owner'))
  then
    raise exception 'an organization keeps at least one owner'
      using errcode = 'check_violation',
            hint = 'Invite somebody as an owner first and wait until they accept, or delete the organization.';
  end if;
end $$;
comment on function private.require_owner is
  'Raises an error when one of these organizations has no owner. Definer: locks rows that the caller may not lock.';
grant execute on function private.require_owner to authenticated;

create function private.require_remaining_owner() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  organizations uuid[];
begin
  -- Only for people: deleting an account or an organization cascades as the table's owner.
  if current_user = 'authenticated' then
    if tg_op = 'DELETE' then
      organizations := array(select distinct o.organization_id from old_rows o where o.role = 'owner');
    else
      organizations := array(
        select distinct o.organization_id from old_rows o join new_rows n using (organization_id, user_id)
        where o.role = 'owner' and n.role <> 'owner');
    end if;
    if organizations <> '{}' then
      perform private.require_owner(organizations);
    end if;
  end if;
  return null;
end $$;
comment on function private.require_remaining_owner is
  'Statement trigger on memberships: an organization keeps at least one owner.';

create trigger require_remaining_owner_on_update after update on public.memberships
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.require_remaining_owner();
create trigger a_require_remaining_owner_on_delete after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.require_remaining_owner();

create function private.forbid_appointing() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if current_user = 'authenticated' then
    raise exception 'nobody becomes an owner without accepting it'
      using errcode = 'insufficient_privilege', hint = 'Send an invitation with the role owner.';
  end if;
  return new;
end $$;
comment on function private.forbid_appointing is
  'Row trigger on memberships: people become owners by accepting an invitation, not by being appointed.';

create trigger forbid_appointing before update on public.memberships
  for each row when (old.role <> 'owner' and new.role = 'owner') execute function private.forbid_appointing();

create trigger limit_organizations after insert on public.organizations
  referencing new table as new_rows
  for each statement execute function private.limit_rows('organizations_founded', 'created_by');
create trigger limit_memberships after insert on public.memberships
  referencing new table as new_rows
  for each statement execute function private.limit_rows('memberships', 'user_id');

-- Which organizations may publish to everybody. Public documents of an organization have a scope of their own. It
-- belongs to everybody while the organization may publish, and to its members otherwise, so that staff give or withdraw
-- the right by changing one row, not the documents.

create function private.record_publishing() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  new.published_at := now();
  return new;
end $$;
comment on function private.record_publishing is 'Row trigger on organizations: records when one could first publish.';

create trigger record_publishing before insert or update on public.organizations
  for each row when (new.may_publish and new.published_at is null) execute function private.record_publishing();

create function private.set_publishing(organization_id uuid, may_publish boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  update public.organizations o set may_publish = set_publishing.may_publish
  where o.id = set_publishing.organization_id;
  if not found then
    raise sqlstate 'PT404' using
      message = format('There is no organization %s.', coalesce(organization_id::text, '(null)'));
  end if;
end $$;
comment on function private.set_publishing is 'See public.set_publishing. Definer: staff may not write organizations.';
grant execute on function private.set_publishing to authenticated, service_role;

create function public.set_publishing(organization_id uuid, may_publish boolean) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select private.require_open_account();
  select private.set_publishing(set_publishing.organization_id, set_publishing.may_publish)
$$;
comment on function public.set_publishing is
  'For staff: sets whether everybody reads an organization''s public documents. Takes effect at once; without the '
  'right only its members read them.';
grant execute on function public.set_publishing to authenticated, service_role;

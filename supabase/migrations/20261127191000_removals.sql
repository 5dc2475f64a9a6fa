-- Purpose: leaving, closing an account and deleting an organization end within two seconds, however many rows hang on it.
--   What is small goes in the statement, as before. What is large loses every right in the statement, is queued, and the
--   worker removes its rows in pieces.
-- Undo: drop trigger begin_large_removal on auth.users and on public.organizations; create the functions replaced below
--   again as they were; drop the new functions; drop table private.removals, when it is empty.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.removals (
  kind text not null check (kind in ('organization', 'account', 'drafts', 'deserted')),
  subject_id uuid not null,
  deletes_account boolean not null default false,
  organization_ids uuid[] not null default '{}',
  queued_at timestamptz not null default now(),
  turn timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  last_error text,
  primary key (kind, subject_id)
);
create index removals_turn_idx on private.removals (turn);
alter table private.removals enable row level security;
alter table private.removals force row level security;
create policy "functions alone use it" on private.removals for all to anon, authenticated using (false);
comment on table private.removals is
  'What lost its rights and is removed in pieces by the worker: organizations without members, closed accounts, and drafts '
  'filed in organizations that their owner may not write in any more.';
comment on column private.removals.kind is 'organization; account; drafts, private documents of a person that become personal; or deserted, a list of organizations.';
comment on column private.removals.subject_id is 'The organization, or the person; of a list nothing but its key.';
comment on column private.removals.deletes_account is 'Whether the account itself goes at the end, not only what it had.';
comment on column private.removals.organization_ids is 'The list: those that still have no member go.';
comment on column private.removals.queued_at is 'When the request was made.';
comment on column private.removals.turn is 'The one that waits longest since is next; failures wait on.';
comment on column private.removals.attempts is 'How often a piece failed in a row.';
comment on column private.removals.last_error is 'Why the last piece failed.';

-- Who may still read what is queued -------------------------------------------------------------------------------

create or replace function private.my_shared_documents() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from private.removals) then
    return query select s.document_id from public.document_shares s where s.user_id = auth.uid();
    return;
  end if;
  return query
    select s.document_id
    from public.document_shares s join public.documents d on d.id = s.document_id
    where s.user_id = auth.uid()
      and case
        when d.organization_id is null or d.visibility = 'private'
        then not exists (select from private.removals r where r.kind = 'account' and r.subject_id = d.owner_id)
        else not exists (select from private.removals r where r.kind = 'organization' and r.subject_id = d.organization_id)
      end;
end $$;

-- Locks -------------------------------------------------------------------------------------------------------------

create function private.lock_leaving(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  -- A hundred thousand rows take two seconds to lock, so whoever leaves so many waits for all who leave, and they wait for it.
  -- Taken before any row, by everybody: nobody waits in a circle.
  if cardinality(organization_ids) > 1000 then
    perform pg_advisory_xact_lock(20261127, 1);
  else
    perform pg_advisory_xact_lock_shared(20261127, 1);
    perform from public.organizations o where o.id = any (organization_ids) order by o.id for no key update;
  end if;
end $$;
comment on function private.lock_leaving(uuid[]) is
  'Lets nobody else leave these organizations until the transaction ends.';

create or replace function private.lock_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- As require_owner does: whoever leaves in the same moment waits, and then sees who is left. All of them, for a member may
  -- become owner by what the others do.
  perform private.lock_leaving(array(select m.organization_id from public.memberships m where m.user_id = person));
end $$;

create or replace function private.require_owner(organization_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  -- Two owners who leave at once must see each other.
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

create or replace function private.remove_deserted(organization_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  deserted uuid[];
begin
  perform private.lock_leaving(organization_ids);
  deserted := array(
    with peopled as materialized (
      select distinct m.organization_id from public.memberships m where m.organization_id = any (organization_ids))
    select o.id
    from public.organizations o left join peopled p on p.organization_id = o.id
    where o.id = any (organization_ids) and p.organization_id is null);
  if cardinality(deserted) <= 1000 then
    perform private.remove_organizations(deserted);
    return;
  end if;
  insert into private.removals (kind, subject_id, organization_ids)
  select 'deserted', gen_random_uuid(), array_agg(d.id)
  from unnest(deserted) with ordinality d (id, place) group by d.place / 500;
  -- Nobody belongs to them; what they published is not everybody's any more.
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null and o.id = any (deserted);
end $$;

create function private.remove_organizations(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  if cardinality(organization_ids) > 1
    and exists (select from public.documents d where d.organization_id = any (organization_ids) offset 500)
  then
    perform private.queue_organizations(organization_ids);
  else
    delete from public.organizations o where o.id = any (organization_ids);
  end if;
end $$;
comment on function private.remove_organizations(uuid[]) is
  'Deletes organizations that nobody else belongs to, a thousand at most; at once or, where they hold much, in pieces.';

create function private.queue_organizations(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  insert into private.removals (kind, subject_id)
  select 'organization', o.id from unnest(organization_ids) o (id) on conflict do nothing;
  -- Nobody finds what it published, reads it as its founder, or wants its address in vain.
  update public.organizations o
  set may_publish = false, published_at = null, created_by = null, slug = 'removed-' || replace(o.id::text, '-', '')
  where o.id = any (organization_ids);
  delete from public.memberships m where m.organization_id = any (organization_ids);
  delete from public.invitations i where i.organization_id = any (organization_ids);
  perform private.note_everything_lost();
end $$;
comment on function private.queue_organizations(uuid[]) is
  'Ends every right in these organizations, and leaves their rows to the worker.';

create or replace function private.orphaned_organizations(person uuid)
returns table (id uuid, name text, has_others boolean)
language plpgsql stable security invoker rows 1 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  owned constant uuid[] := array(
    select m.organization_id from public.memberships m where m.user_id = person and m.role = 'owner');
begin
  return query
    with others as materialized (
      select m.organization_id, bool_or(m.role = 'owner') as are_owners
      from public.memberships m where m.organization_id = any (owned) and m.user_id <> person group by m.organization_id)
    select o.id, o.name, s.organization_id is not null
    from public.organizations o left join others s on s.organization_id = o.id
    where o.id = any (owned) and not coalesce(s.are_owners, false);
end $$;

-- Leaving: all organizations of one person, or all people of one organization ----------------------------------------
-- Nothing of this concerns organizations that are removed: their shares are void, and their drafts become personal with them.

create function private.leavers(people uuid[], organizations uuid[])
returns table (user_ids uuid[], organization_ids uuid[])
language plpgsql stable security invoker rows 1 set search_path = pg_catalog, pg_temp
as $$
begin
  if people is null then
    return;
  elsif (select count(*) from (select distinct unnest(people)) p) <= (select count(*) from (select distinct unnest(organizations)) o)
  then
    return query
      select array[p.id], array_agg(p.organization_id) from unnest(people, organizations) p (id, organization_id) group by p.id;
  else
    return query
      select array_agg(p.id), array[p.organization_id]
      from unnest(people, organizations) p (id, organization_id) group by p.organization_id;
  end if;
end $$;
comment on function private.leavers(uuid[], uuid[]) is
  'Pairs of person and organization in few groups: all organizations of a person, or all people of an organization.';

-- Custom plans: arrays of many thousand ids are hashed only where the planner sees them.
create or replace function private.forget_creator() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  left_by record;
begin
  for left_by in
    select l.* from (
      select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
      where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
    cross join lateral private.leavers(p.u, p.o) l
  loop
    update public.organizations o set created_by = null
    where o.created_by = any (left_by.user_ids) and o.id = any (left_by.organization_ids);
  end loop;
  return null;
end $$;

create or replace function private.end_shares_of_leaver() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  left_by record;
begin
  for left_by in
    select l.* from (
      select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
      where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
    cross join lateral private.leavers(p.u, p.o) l
  loop
    delete from public.document_shares s using public.documents d
    where s.user_id = any (left_by.user_ids) and d.id = s.document_id and d.visibility <> 'private'
      and d.organization_id = any (left_by.organization_ids);
  end loop;
  return null;
end $$;

create function private.make_drafts_personal(user_ids uuid[], organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  drafts constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = any (user_ids) and d.visibility = 'private' and d.organization_id = any (organization_ids)
    limit 1001);
begin
  if cardinality(drafts) > 1000 then
    insert into private.removals (kind, subject_id)
    select distinct 'drafts', d.owner_id from public.documents d
    where d.owner_id = any (user_ids) and d.visibility = 'private' and d.organization_id = any (organization_ids)
    on conflict do nothing;
  elsif drafts <> '{}' then
    update public.documents d set organization_id = null where d.id = any (drafts);
  end if;
end $$;
comment on function private.make_drafts_personal(uuid[], uuid[]) is
  'Private documents of these people leave these organizations, at once or, where they are many, in pieces. Their owner reads '
  'and nobody else does, wherever they are filed.';

create or replace function private.return_drafts() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  left_by record;
begin
  if tg_op = 'DELETE' then
    for left_by in
      select l.* from (
        select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
        where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      perform private.make_drafts_personal(left_by.user_ids, left_by.organization_ids);
    end loop;
  else
    for left_by in
      select l.* from (
        select array_agg(o.user_id) as u, array_agg(o.organization_id) as o
        from old_rows o join new_rows n using (organization_id, user_id)
        where o.role >= 'editor' and n.role < 'editor') p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      perform private.make_drafts_personal(left_by.user_ids, left_by.organization_ids);
    end loop;
  end if;
  return null;
end $$;

create or replace function private.revoke_invitations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  loser record;
  sent uuid[];
begin
  if tg_op = 'DELETE' then
    for loser in
      select l.* from (
        select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
        where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      sent := array(
        select i.id from public.invitations i
        where i.invited_by = any (loser.user_ids) and i.status = 'pending' and i.organization_id = any (loser.organization_ids));
      if cardinality(sent) > 1000 then
        -- Ten indexes need not learn of the new status.
        delete from public.invitations i where i.id = any (sent);
      elsif sent <> '{}' then
        update public.invitations i set status = 'revoked' where i.id = any (sent);
      end if;
    end loop;
  else
    for loser in
      select n.user_id, n.role, array_agg(n.organization_id) as organizations
      from old_rows o join new_rows n using (organization_id, user_id) where n.role < o.role group by n.user_id, n.role
    loop
      update public.invitations i set status = 'revoked'
      where i.invited_by = loser.user_id and i.status = 'pending' and i.organization_id = any (loser.organizations)
        and (loser.role < 'admin' or i.role = 'owner');
    end loop;
  end if;
  return null;
end $$;

-- Before whatever locks an organization's row, by its name.
drop trigger keep_an_owner_on_delete on public.memberships;
create trigger a_keep_an_owner_on_delete after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.keep_an_owner();

-- Organizations -------------------------------------------------------------------------------------------------------

create function private.is_large_organization(organization uuid) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from public.documents d where d.organization_id = organization offset 500)
    or exists (select from public.memberships m where m.organization_id = organization offset 2000)
    or exists (select from public.invitations i where i.organization_id = organization offset 2000)
    or exists (
      select from public.documents d join public.chunks c on c.document_id = d.id where d.organization_id = organization offset 2000)
    or exists (
      select from public.documents d join public.document_shares s on s.document_id = d.id
      where d.organization_id = organization offset 2000);
end $$;
comment on function private.is_large_organization(uuid) is
  'Whether more hangs on an organization than is deleted with it in some tenths of a second.';

create function private.begin_large_organization() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.is_large_organization(old.id) then
    return old;
  end if;
  perform private.queue_organizations(array[old.id]);
  return null;
end $$;
comment on function private.begin_large_organization() is
  'Row trigger on organizations: a large one loses its members, its invitations and what it published, and the worker deletes '
  'it in pieces; the statement counts no row. Definer: whoever may delete it may not do all that.';
create trigger begin_large_removal before delete on public.organizations
  for each row execute function private.begin_large_organization();

create function private.leave_some(person uuid, max_organizations integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  left_ids uuid[] := array(
    select m.organization_id from public.memberships m where m.user_id = person limit max_organizations);
begin
  perform private.lock_leaving(left_ids);
  perform private.remove_organizations(array(
    select o.id from unnest(left_ids) o (id)
    where not exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person)));
  delete from public.memberships m where m.user_id = person and m.organization_id = any (left_ids);
  return cardinality(left_ids);
end $$;
comment on function private.leave_some(uuid, integer) is
  'Ends up to so many memberships of an account that is closed, and deletes the organizations that nobody else belongs to.';

-- Accounts ------------------------------------------------------------------------------------------------------------

create function private.is_large_account(person uuid) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (select from public.memberships m where m.user_id = person offset 1000)
    or exists (select from public.documents d where d.owner_id = person offset 500)
    or exists (select from public.organizations o where o.created_by = person offset 1000)
    or exists (select from public.interactions i where i.user_id = person offset 5000)
    or exists (select from public.document_shares s where s.user_id = person offset 5000)
    or exists (select from public.invitations i where i.invited_by = person offset 2000)
    or exists (select from public.orders o where o.buyer_id = person offset 1000)
    or exists (
      select from public.documents d join public.chunks c on c.document_id = d.id
      where d.owner_id = person and (d.organization_id is null or d.visibility = 'private') offset 2000)
    or exists (
      select from public.documents d join public.document_shares s on s.document_id = d.id
      where d.owner_id = person and (d.organization_id is null or d.visibility = 'private') offset 2000);
end $$;
comment on function private.is_large_account(uuid) is
  'Whether more hangs on an account than is deleted with it in some tenths of a second.';

create function private.begin_emptying(person uuid, deletes_account boolean) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  insert into private.removals as r (kind, subject_id, deletes_account) values ('account', person, begin_emptying.deletes_account)
  on conflict (kind, subject_id) do update set deletes_account = r.deletes_account or excluded.deletes_account;
  -- Where there are more, nobody reads anything by them either: a closed account is refused everywhere.
  perform private.leave_some(person, 200);
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null
    and exists (select from public.memberships m where m.organization_id = o.id and m.user_id = person)
    and not exists (select from public.memberships m where m.organization_id = o.id and m.user_id <> person);
  perform private.leave_orders(person);
  delete from public.profiles p where p.id = person;
  perform private.note_everything_lost();
end $$;
comment on function private.begin_emptying(uuid, boolean) is
  'Ends every right of a closed account, and every right that others have by it, and leaves its rows to the worker.';

create or replace function private.empty_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from private.removals r where r.kind = 'account' and r.subject_id = new.id) then
    return null;
  elsif private.is_large_account(new.id) then
    perform private.begin_emptying(new.id, false);
    return null;
  end if;
  perform private.remove_own_organizations(new.id);
  perform private.forget_uploader(new.id);
  delete from public.memberships m where m.user_id = new.id;
  delete from public.invitations i where i.invited_by = new.id;
  delete from public.documents d where d.owner_id = new.id and (d.organization_id is null or d.visibility = 'private');
  update public.documents d set owner_id = null where d.owner_id = new.id;
  delete from public.document_shares s where s.user_id = new.id;
  update public.organizations o set created_by = null where o.created_by = new.id;
  perform private.leave_orders(new.id);
  update public.orders o set buyer_id = null where o.buyer_id = new.id;
  delete from private.order_requests r where r.buyer_id = new.id;
  delete from public.interactions i where i.user_id = new.id;
  delete from private.paired_purchases p where p.user_id = new.id;
  delete from public.profiles p where p.id = new.id;
  return null;
end $$;

create function private.begin_large_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.is_large_account(old.id) then
    return old;
  end if;
  perform private.begin_emptying(old.id, true);
  -- Nobody signs in as it, and its address and number are free again.
  delete from auth.sessions s where s.user_id = old.id;
  delete from auth.identities i where i.user_id = old.id;
  update auth.users u
  set deleted_at = coalesce(u.deleted_at, now()), email = null, phone = null, encrypted_password = null,
      raw_user_meta_data = '{}', raw_app_meta_data = '{}'
  where u.id = old.id;
  return null;
end $$;
comment on function private.begin_large_account() is
  'Row trigger on auth.users: a large account is closed, and can neither sign in nor do anything; the worker deletes it in '
  'pieces, and the statement counts no row. Definer: as leave_organizations.';
-- Before all other triggers that follow a deletion, by its name.
create trigger begin_large_removal before delete on auth.users
  for each row execute function private.begin_large_account();

create or replace function private.close_account() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person uuid;
  orphans jsonb;
  names text;
  report jsonb;
begin
  select u.id into person from auth.users u where u.id = auth.uid() and u.deleted_at is null for update;
  if person is null then
    raise sqlstate 'PT404' using message = 'There is no such account', hint = 'It was closed already.';
  end if;
  perform private.lock_organizations(person);
  -- The first twenty: the rest come when these are done.
  select jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id), string_agg(o.name, ', ' order by o.name, o.id)
  into orphans, names
  from (select p.id, p.name from private.orphaned_organizations(person) p where p.has_others order by p.name, p.id limit 20) o;
  if orphans is not null then
    raise sqlstate 'PT409' using
      message = 'You are the only owner of ' || names,
      detail = jsonb_build_object('organizations', orphans)::text,
      hint = 'Invite another owner and wait until they accept, or delete the organization, then close the account.';
  end if;
  select jsonb_build_object('removed', '[]'::jsonb, 'anonymised', '[]'::jsonb, 'kept', '[]'::jsonb)
      || coalesce(jsonb_object_agg(g.outcome, g.items), '{}')
  into report
  from (
    select h.outcome, jsonb_agg(jsonb_build_object('what', h.what, 'count', h.count, 'why', h.why)) as items
    from private.account_holdings(person) h where h.count > 0 group by h.outcome) g;
  delete from auth.users u where u.id = person;
  return report;
end $$;

-- Pieces --------------------------------------------------------------------------------------------------------------

create function private.remove_documents(document_ids uuid[], max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  removed integer;
begin
  -- What hangs on one document may be more than one piece.
  delete from public.document_shares s
  where (s.document_id, s.user_id) in (
    select o.document_id, o.user_id from public.document_shares o where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  delete from public.chunks c
  where c.id in (select o.id from public.chunks o where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  delete from public.documents d where d.id = any (document_ids);
  get diagnostics removed = row_count;
  return removed;
end $$;
comment on function private.remove_documents(uuid[], integer) is
  'A piece of the removal of these documents, which are few: their shares, their passages, then themselves. How many rows.';

create function private.remove_organization_piece(organization uuid, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  removed integer;
  next_documents uuid[];
begin
  -- Nobody joins it from here on; who did before keeps it.
  perform from public.organizations o where o.id = organization for update;
  if not found or exists (select from public.memberships m where m.organization_id = organization) then
    return 0;
  end if;
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o where o.organization_id = organization and o.visibility = 'private' limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  next_documents := array(
    select d.id from public.documents d where d.organization_id = organization limit least(max_rows, 250));
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  delete from public.organizations o where o.id = organization;
  return 0;
end $$;
comment on function private.remove_organization_piece(uuid, integer) is
  'A piece of the removal of an organization that nobody belongs to; 0 when it is done.';

create function private.remove_account_piece(person uuid, deletes_account boolean, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  removed integer;
  next_documents constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = person and (d.organization_id is null or d.visibility = 'private')
    -- First what everybody reads.
    order by (d.visibility = 'public') desc limit least(max_rows, 250));
begin
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  removed := private.leave_some(person, least(max_rows, 250));
  if removed > 0 then
    return removed;
  end if;
  delete from public.invitations i
  where i.id in (select o.id from public.invitations o where o.invited_by = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.documents d set owner_id = null
  where d.id in (select o.id from public.documents o where o.owner_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from public.document_shares s
  where s.user_id = person
    and s.document_id in (select o.document_id from public.document_shares o where o.user_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.organizations o set created_by = null
  where o.id in (select f.id from public.organizations f where f.created_by = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from public.interactions i
  where i.id in (select o.id from public.interactions o where o.user_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.orders o set buyer_id = null
  where o.id in (select b.id from public.orders b where b.buyer_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from private.order_requests r
  where r.buyer_id = person and r.idempotency_key in (
    select o.idempotency_key from private.order_requests o where o.buyer_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  perform private.forget_uploader(person);
  delete from private.paired_purchases p where p.user_id = person;
  if deletes_account then
    delete from auth.users u where u.id = person;
  end if;
  return 0;
end $$;
comment on function private.remove_account_piece(uuid, boolean, integer) is
  'A piece of the removal of what a closed account had; 0 when it is done.';

create function private.return_drafts_piece(person uuid, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  returned integer;
begin
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o
    where o.owner_id = person and o.visibility = 'private' and o.organization_id is not null
      and not exists (
        select from public.memberships m
        where m.organization_id = o.organization_id and m.user_id = person and m.role >= 'editor')
    limit max_rows);
  get diagnostics returned = row_count;
  return returned;
end $$;
comment on function private.return_drafts_piece(uuid, integer) is
  'Makes some drafts of a person personal that are filed where the person may not write; 0 when none are left.';

create function private.remove_deserted_piece(organization_ids uuid[]) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.remove_deserted(organization_ids);
  return 0;
end $$;
comment on function private.remove_deserted_piece(uuid[]) is
  'Deletes those of these organizations, which are few, that nobody belongs to; 0, since it is done then.';

create function private.remove_some(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  next private.removals;
  removed integer;
begin
  select r.* into next from private.removals r where r.turn <= clock_timestamp() order by r.turn limit 1 for update skip locked;
  if not found then
    return 0;
  end if;
  begin
    removed := case next.kind
      when 'organization' then private.remove_organization_piece(next.subject_id, max_rows)
      when 'account' then private.remove_account_piece(next.subject_id, next.deletes_account, max_rows)
      when 'deserted' then private.remove_deserted_piece(next.organization_ids)
      else private.return_drafts_piece(next.subject_id, max_rows) end;
  exception when others then
    -- The others go on meanwhile.
    update private.removals r
    set attempts = r.attempts + 1, last_error = sqlerrm,
        turn = clock_timestamp() + least(600, 2 ^ least(r.attempts, 10)) * interval '1 second'
    where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    raise warning 'the removal of % % failed, and is tried again: %', next.kind, next.subject_id, sqlerrm;
    return 1;
  end;
  if removed = 0 then
    delete from private.removals r where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    return 1;
  end if;
  update private.removals r set turn = clock_timestamp(), attempts = 0, last_error = null
  where (r.kind, r.subject_id) = (next.kind, next.subject_id);
  return removed;
end $$;
comment on function private.remove_some(integer) is
  'Removes up to so many rows, and what hangs on them, of what waits longest in private.removals. How many, at least 1; 0 when '
  'nothing waits. Definer: the worker has no rights on what is removed.';
grant execute on function private.remove_some(integer) to tidegate_worker;

-- What happens when a membership ends or its role is lowered.
--
-- Whoever leaves an organization loses its shares, keeps private documents as personal ones, and has pending
-- invitations revoked. An organization that its last member leaves is deleted; one that lost its owners with their
-- accounts is taken over by a member.
--
-- All of this runs in statement triggers on memberships, for many rows at once: private.leavers() turns pairs of person
-- and organization into few groups, so that removing a thousand members costs a few statements. What is too large for
-- one transaction goes to the worker (see removals).
--
-- Triggers on auth.users do the same for an account that is deleted, and cancel its unpaid orders.

create function private.leavers(people uuid[], organizations uuid[])
returns table (user_ids uuid[], organization_ids uuid[])
language plpgsql stable security invoker rows 1 set search_path = pg_catalog, pg_temp
as $$
begin
  if people is null then
    return;
  elsif (select count(distinct p.id) from unnest(people) p (id))
    <= (select count(distinct o.id) from unnest(organizations) o (id))
  then
    return query
      select array[p.id], array_agg(p.organization_id)
      from unnest(people, organizations) p (id, organization_id) group by p.id;
  else
    return query
      select array_agg(p.id), array[p.organization_id]
      from unnest(people, organizations) p (id, organization_id) group by p.organization_id;
  end if;
end $$;
comment on function private.leavers is
  'Groups pairs of person and organization: all organizations of each person, or all people of each organization, '
  'whichever makes fewer groups.';

-- Custom plans, since the planner hashes an array of many thousand ids only when it sees it.
create function private.clear_creator() returns trigger
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
comment on function private.clear_creator is
  'Statement trigger on memberships: founders who left no longer read the organization. Definer: they may not update '
  'it.';

create trigger clear_creator after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.clear_creator();

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
comment on function private.make_drafts_personal is
  'Takes the private documents of these people out of these organizations, at once or, when there are many, in pieces.';

create function private.end_shares_of_leaver() returns trigger
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
comment on function private.end_shares_of_leaver is
  'Statement trigger on memberships: ends the shares that leavers have in documents of the organization. Definer: '
  'shares belong to the documents'' owners.';

create trigger end_shares_of_leaver after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.end_shares_of_leaver();

create function private.return_drafts() returns trigger
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
comment on function private.return_drafts is
  'Statement trigger on memberships: makes private documents personal when their owner may no longer write in the '
  'organization. Definer: whoever takes the role away cannot see them.';

create trigger return_drafts_on_leaving after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.return_drafts();
create trigger return_drafts_on_demotion after update on public.memberships
  referencing old table as old_rows new table as new_rows for each statement execute function private.return_drafts();

create function private.revoke_invitations() returns trigger
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
        where i.invited_by = any (loser.user_ids) and i.status = 'pending'
          and i.organization_id = any (loser.organization_ids));
      if cardinality(sent) > 1000 then
        -- Cheaper than to update ten indexes.
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
comment on function private.revoke_invitations is
  'Statement trigger on memberships: revokes invitations that their sender may no longer send. Those to read a '
  'document are checked when they are accepted. Definer: they do not belong to whoever changes the membership.';

create trigger revoke_invitations_on_leaving after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.revoke_invitations();
create trigger revoke_invitations_on_demotion after update on public.memberships
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.revoke_invitations();

create function private.remove_deserted(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
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
  -- Nobody belongs to them, so everybody loses what they published at once.
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null and o.id = any (deserted);
end $$;
comment on function private.remove_deserted is 'Deletes those of these organizations that have no members.';

create function private.dissolve_deserted() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- The last owner cannot leave, so only an organization without an owner can lose its last member.
  organizations constant uuid[] := array(
    select o.organization_id from old_rows o where o.role < 'owner' group by o.organization_id
    having not exists (select from old_rows p where p.organization_id = o.organization_id and p.role = 'owner'));
begin
  if organizations <> '{}' then
    perform private.remove_deserted(organizations);
  end if;
  return null;
end $$;
comment on function private.dissolve_deserted is
  'Statement trigger on memberships: deletes an organization that its last member leaves. Definer: that member may not '
  'delete it.';

create trigger dissolve_deserted after delete on public.memberships
  referencing old table as old_rows for each statement
  -- Not where a function ends memberships: it sees to the organizations itself.
  when (current_user = 'authenticated')
  execute function private.dissolve_deserted();

create function private.remove_own_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.lock_organizations(person);
  delete from public.organizations o
  where o.id in (select m.organization_id from public.memberships m where m.user_id = person)
    and not exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person);
end $$;
comment on function private.remove_own_organizations is 'Deletes the organizations whose only member is this person.';

create function private.take_over_organization(organization_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.membership_role;
begin
  perform from public.organizations o where o.id = take_over_organization.organization_id for no key update;
  select m.role into mine from public.memberships m
  where m.organization_id = take_over_organization.organization_id and m.user_id = auth.uid();
  if mine is null then
    raise sqlstate 'PT404' using message = 'You belong to no such organization.';
  end if;
  if exists (
    select from public.memberships m
    where m.organization_id = take_over_organization.organization_id and m.role = 'owner')
  then
    raise sqlstate 'PT409' using message = 'The organization has an owner.', hint = 'Owners invite further owners.';
  end if;
  if mine < (
    select max(m.role) from public.memberships m where m.organization_id = take_over_organization.organization_id)
  then
    raise sqlstate 'PT403' using message = 'Somebody with a higher role is there to take the organization over.';
  end if;
  update public.memberships m set role = 'owner'
  where m.organization_id = take_over_organization.organization_id and m.user_id = auth.uid();
end $$;
comment on function private.take_over_organization is
  'See public.take_over_organization. Definer: people do not give themselves a role.';
grant execute on function private.take_over_organization to authenticated;

create function public.take_over_organization(organization_id uuid) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select private.require_open_account();
  select private.take_over_organization(take_over_organization.organization_id)
$$;
comment on function public.take_over_organization is
  'Makes the caller the owner of an organization whose owners'' accounts an administrator deleted. For its admins, or, '
  'when there are none, for the members with the highest role. 409: it has an owner; 403: somebody has a higher role.';
grant execute on function public.take_over_organization to authenticated;

create function private.leave_organizations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.remove_own_organizations(old.id);
  perform private.begin_clearing_uploads(old.id);
  return old;
end $$;
comment on function private.leave_organizations is
  'Row trigger on auth.users: deletes the organizations whose only member was this account; others wait for a member '
  'to take them over. Definer: Auth has no rights on public.';

-- Named to fire before remove_personal_documents: drafts in a deleted organization are personal by then.
create trigger leave_organizations before delete on auth.users
  for each row execute function private.leave_organizations();

create function private.cancel_pending_orders() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.leave_orders(old.id);
  return old;
end $$;
comment on function private.cancel_pending_orders is
  'Row trigger on auth.users: cancels the account''s unpaid orders. Paid ones are delivered and kept without a name. '
  'Definer: Auth has no rights on orders.';

create trigger cancel_pending_orders before delete on auth.users
  for each row execute function private.cancel_pending_orders();

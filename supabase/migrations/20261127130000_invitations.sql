-- Purpose: membership, ownership and shares begin as invitations that the addressee accepts.
-- Undo: drop table public.invitations; drop type public.invitation_status; drop the functions below; create the triggers on
--   public.memberships, the two policies for inserting memberships and shares, and their grants again as they were.
-- The two functions that are dropped were called by triggers alone.
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create type public.invitation_status as enum ('pending', 'accepted', 'declined', 'revoked', 'expired');
comment on type public.invitation_status is
  'pending: waits for its addressee; accepted, declined: the addressee answered; revoked: taken back, or its sender lost the '
  'right to send it; expired: nobody answered in time.';

alter table private.settings add column invitation_days integer check (invitation_days between 1 and 365);
comment on column private.settings.invitation_days is 'Days that an invitation can be accepted: 14 by default.';

create function private.invitation_expiry() returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select now() + coalesce((select s.invitation_days from private.settings s), 14) * interval '1 day'
$$;
comment on function private.invitation_expiry() is
  'When an invitation that is sent now expires: in 14 days unless private.settings says otherwise. Definer: reads the settings.';
grant execute on function private.invitation_expiry() to authenticated, service_role;

create function private.my_email() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select lower(u.email) from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null and u.deleted_at is null
$$;
comment on function private.my_email() is
  'The caller''s verified e-mail address in lower case; null without one. Definer: people do not read auth.users.';
grant execute on function private.my_email() to authenticated, service_role;

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid references public.organizations (id) on delete cascade,
  role public.membership_role,
  document_id uuid references public.documents (id) on delete cascade,
  email text,
  user_id uuid,
  status public.invitation_status not null default 'pending',
  title text not null default '',
  invited_by uuid default auth.uid() references auth.users (id) on delete cascade,
  inviter_email text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default private.invitation_expiry(),
  answered_at timestamptz,
  constraint invitations_target_check check (num_nonnulls(organization_id, document_id) = 1),
  constraint invitations_role_check check ((role is null) = (organization_id is null)),
  constraint invitations_addressee_check check (num_nonnulls(email, user_id) = 1),
  constraint invitations_email_check check (
    email = lower(email) and char_length(email) <= 254 and email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$')
);
create unique index invitations_organization_id_email_idx on public.invitations (organization_id, email) where status = 'pending';
create unique index invitations_organization_id_user_id_idx on public.invitations (organization_id, user_id) where status = 'pending';
create unique index invitations_document_id_email_idx on public.invitations (document_id, email) where status = 'pending';
create unique index invitations_document_id_user_id_idx on public.invitations (document_id, user_id) where status = 'pending';
create index invitations_organization_id_idx on public.invitations (organization_id);
create index invitations_document_id_idx on public.invitations (document_id);
create index invitations_email_idx on public.invitations (email);
create index invitations_user_id_idx on public.invitations (user_id);
create index invitations_invited_by_idx on public.invitations (invited_by);
create index invitations_expires_at_idx on public.invitations (expires_at) where status = 'pending';
create index invitations_answered_at_idx on public.invitations (answered_at);
alter table public.invitations enable row level security;
alter table public.invitations force row level security;
-- As in 20261123020100: the planner's samples tell nobody what stands in others' rows.
do $$
declare
  name text;
begin
  foreach name in array
    array['email', 'title', 'inviter_email', 'role', 'status', 'created_at', 'expires_at', 'answered_at'] loop
    execute pg_catalog.format('alter table public.invitations alter column %I set statistics 0', name);
  end loop;
  foreach name in array array['organization_id', 'document_id', 'user_id', 'invited_by'] loop
    execute pg_catalog.format(
      'alter table public.invitations alter column %1$I set statistics 1, alter column %1$I set (n_distinct = -0.05)', name);
  end loop;
end $$;

comment on table public.invitations is
  'Offers of a membership, of ownership, or of a share of a document. Nothing is given before the addressee accepts. An '
  'invitation by e-mail belongs to the account that has verified the address, also one that is made later.';
comment on column public.invitations.id is 'The invitation.';
comment on column public.invitations.organization_id is 'The organization to join, or null.';
comment on column public.invitations.role is 'The role offered there; viewer unless another is named.';
comment on column public.invitations.document_id is 'The document to read, or null.';
comment on column public.invitations.email is 'Address of the addressee in lower case, or null.';
comment on column public.invitations.user_id is
  'Account of the addressee, or null. No foreign key: an invitation must not tell whether the account exists.';
comment on column public.invitations.status is 'Where it stands.';
comment on column public.invitations.title is 'Name of the organization or title of the document when the invitation was sent.';
comment on column public.invitations.invited_by is 'Who sent it; null for an administrator''s.';
comment on column public.invitations.inviter_email is 'Verified e-mail address of the sender when it was sent.';
comment on column public.invitations.created_at is 'When it was sent.';
comment on column public.invitations.expires_at is 'When it can no longer be accepted.';
comment on column public.invitations.answered_at is 'When it was accepted, declined, revoked or expired.';

-- Grants and policies ------------------------------------------------------------------------------------------

grant select (id, organization_id, role, document_id, email, user_id, status, title, invited_by, inviter_email, created_at,
  expires_at, answered_at) on public.invitations to authenticated;
grant insert (organization_id, role, document_id, email, user_id), update (status), delete on public.invitations to authenticated;
grant select, insert, update, delete on public.invitations to service_role;

create policy "both sides see an invitation" on public.invitations
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or email = (select private.my_email())
    or invited_by = (select auth.uid())
    or organization_id = any (array(select private.my_organizations('admin'))));
create policy "admins invite members, owners owners, authors readers" on public.invitations
  for insert to authenticated
  with check (
    (organization_id = any (array(select private.my_organizations('admin')))
     and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner')))))
    -- Not oneself: such a share would outlive the membership that lets one read the document.
    or (user_id is distinct from (select auth.uid())
        and email is distinct from (select private.my_email())
        and exists (
          select from public.documents d
          where d.id = document_id and d.owner_id = (select auth.uid())
            and (d.organization_id is null or d.visibility = 'private'
                 or d.organization_id = any (array(select private.my_organizations('editor')))))));
create policy "addressees decline, senders revoke" on public.invitations
  for update to authenticated
  using (
    user_id = (select auth.uid())
    or email = (select private.my_email())
    or invited_by = (select auth.uid())
    or (organization_id = any (array(select private.my_organizations('admin')))
        and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner'))))));
create policy "both sides remove an invitation" on public.invitations
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or email = (select private.my_email())
    or invited_by = (select auth.uid())
    or (organization_id = any (array(select private.my_organizations('admin')))
        and (role < 'owner' or organization_id = any (array(select private.my_organizations('owner'))))));

-- Sending ------------------------------------------------------------------------------------------------------

create function private.complete_invitation() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  new.email := lower(btrim(new.email));
  if new.organization_id is not null and new.role is null then
    new.role := 'viewer';
  end if;
  new.title := coalesce(
    (select o.name from public.organizations o where o.id = new.organization_id),
    (select d.title from public.documents d where d.id = new.document_id), '');
  new.inviter_email := (select lower(u.email) from auth.users u where u.id = new.invited_by and u.email_confirmed_at is not null);
  return new;
end $$;
comment on function private.complete_invitation() is
  'Row trigger: notes what is offered and who offers it, since the addressee reads neither. Definer: e-mail addresses are in '
  'auth.users.';
create trigger complete_invitation before insert on public.invitations
  for each row execute function private.complete_invitation();

-- Answering ----------------------------------------------------------------------------------------------------

create function private.answer_invitation() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  -- Functions and administrators are not held to it.
  if current_user = 'authenticated' then
    if old.status <> 'pending' then
      raise sqlstate 'PT409' using message = pg_catalog.format('The invitation is %s.', old.status);
    end if;
    if not (case new.status
      when 'declined' then
        coalesce(old.user_id = (select auth.uid()), false) or coalesce(old.email = (select private.my_email()), false)
      when 'revoked' then
        coalesce(old.invited_by = (select auth.uid()), false)
        or exists (
          select from private.my_organizations(case old.role when 'owner' then 'owner' else 'admin' end::public.membership_role) o (id)
          where o.id = old.organization_id)
      else false end)
    then
      raise exception 'an invitation cannot be made % by you', new.status
        using errcode = 'insufficient_privilege',
              hint = 'Addressees accept by rpc("accept_invitation") and decline, senders revoke.';
    end if;
  end if;
  new.answered_at := case new.status when 'pending' then null else now() end;
  return new;
end $$;
comment on function private.answer_invitation() is
  'Row trigger: addressees decline, senders revoke, and only what is pending; notes when.';
create trigger answer_invitation before update of status on public.invitations
  for each row when (old.status <> new.status) execute function private.answer_invitation();

create function private.may_still_invite(sent public.invitations) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if sent.invited_by is null then
    return true;
  end if;
  if not exists (
    select from auth.users u
    where u.id = sent.invited_by and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now()))
  then
    return false;
  end if;
  if sent.organization_id is not null then
    return exists (
      select from public.memberships m
      where m.organization_id = sent.organization_id and m.user_id = sent.invited_by
        and m.role >= case sent.role when 'owner' then 'owner' else 'admin' end::public.membership_role);
  end if;
  return exists (
    select from public.documents d
    where d.id = sent.document_id and d.owner_id = sent.invited_by
      and (d.organization_id is null or d.visibility = 'private' or exists (
        select from public.memberships m
        where m.organization_id = d.organization_id and m.user_id = sent.invited_by and m.role >= 'editor')));
end $$;
comment on function private.may_still_invite(public.invitations) is
  'Whether the sender could send this invitation now. Definer: called by functions that answer invitations; granted to nobody.';

create function private.my_invitation(invitation_id uuid) returns public.invitations
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.invitations;
begin
  -- The organization or document first: whoever deletes it holds it, and then waits for the invitation.
  perform from public.organizations o
  where o.id = (select i.organization_id from public.invitations i where i.id = my_invitation.invitation_id) for key share;
  perform from public.documents d
  where d.id = (select i.document_id from public.invitations i where i.id = my_invitation.invitation_id) for key share;
  select i.* into mine from public.invitations i
  where i.id = my_invitation.invitation_id and (i.user_id = auth.uid() or i.email = private.my_email())
  for no key update;
  if mine.id is null then
    raise sqlstate 'PT404' using
      message = pg_catalog.format('There is no invitation %s for you.', coalesce(my_invitation.invitation_id::text, '(null)')),
      hint = 'An invitation by e-mail belongs to the account that has verified the address.';
  end if;
  return mine;
end $$;
comment on function private.my_invitation(uuid) is
  'Locks an invitation that is addressed to the caller and returns it; PT404 when there is none. Definer: called by functions '
  'that answer invitations; granted to nobody.';

create function private.invitation_as_json(answered public.invitations) returns jsonb
language sql stable security invoker set search_path = ''
as $$
  select pg_catalog.jsonb_build_object(
    'id', answered.id, 'organization_id', answered.organization_id, 'role', answered.role, 'document_id', answered.document_id,
    'email', answered.email, 'user_id', answered.user_id, 'status', answered.status, 'title', answered.title,
    'invited_by', answered.invited_by, 'expires_at', answered.expires_at)
$$;
comment on function private.invitation_as_json(public.invitations) is 'An invitation as functions answer it; granted to nobody.';

create function private.accept_invitation(invitation_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.invitations := private.my_invitation(invitation_id);
begin
  if mine.status in ('declined', 'revoked') then
    raise sqlstate 'PT409' using message = format('The invitation is %s.', mine.status), hint = 'Ask for another one.';
  elsif mine.status = 'expired' or (mine.status = 'pending' and mine.expires_at <= now()) then
    raise sqlstate 'PT410' using message = 'The invitation has expired.', hint = 'Ask for another one.';
  elsif mine.status = 'pending' then
    if not private.may_still_invite(mine) then
      raise sqlstate 'PT410' using message = 'The sender of the invitation may not invite you any more.', hint = 'Ask for another one.';
    end if;
    if mine.organization_id is not null then
      insert into public.memberships as m (organization_id, user_id, role) values (mine.organization_id, auth.uid(), mine.role)
      on conflict (organization_id, user_id) do update set role = excluded.role where m.role < excluded.role;
    else
      insert into public.document_shares (document_id, user_id)
      select d.id, auth.uid() from public.documents d where d.id = mine.document_id and d.owner_id is distinct from auth.uid()
      on conflict do nothing;
    end if;
    update public.invitations i set status = 'accepted' where i.id = mine.id returning i.* into mine;
  end if;
  return private.invitation_as_json(mine);
end $$;
comment on function private.accept_invitation(uuid) is 'As public.accept_invitation. Definer: nobody else adds members and readers.';

create function private.decline_invitation(invitation_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.invitations := private.my_invitation(invitation_id);
begin
  if mine.status in ('accepted', 'revoked') then
    raise sqlstate 'PT409' using message = format('The invitation is %s.', mine.status),
      hint = 'Leave the organization by deleting your membership, or the document by deleting the share.';
  elsif mine.status = 'pending' then
    update public.invitations i set status = 'declined' where i.id = mine.id returning i.* into mine;
  end if;
  return private.invitation_as_json(mine);
end $$;
comment on function private.decline_invitation(uuid) is 'As public.decline_invitation. Definer: as accept_invitation.';

create function public.accept_invitation(invitation_id uuid) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.accept_invitation(accept_invitation.invitation_id);
end $$;
comment on function public.accept_invitation(uuid) is
  'Accepts an invitation addressed to the caller: makes the caller a member, raises their role (never lowers it), or lets them '
  'read the document. The invitation as it is then, and the same again when repeated. 404: not addressed to the caller; 409: '
  'declined or revoked; 410: expired, or its sender may not send it any more.';
create function public.decline_invitation(invitation_id uuid) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.decline_invitation(decline_invitation.invitation_id);
end $$;
comment on function public.decline_invitation(uuid) is
  'Declines an invitation addressed to the caller; the invitation as it is then. Its sender sees that it was declined.';
grant execute on function
  private.accept_invitation(uuid), private.decline_invitation(uuid), public.accept_invitation(uuid), public.decline_invitation(uuid)
  to authenticated;

create function public.invite(
  organization_id uuid default null, role public.membership_role default null, document_id uuid default null,
  email text default null, user_id uuid default null) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  sent uuid;
begin
  insert into public.invitations (organization_id, role, document_id, email, user_id)
  values (invite.organization_id, invite.role, invite.document_id, invite.email, invite.user_id)
  returning id into sent;
  return (
    select pg_catalog.to_jsonb(i) from (
      select v.id, v.organization_id, v.role, v.document_id, v.email, v.user_id, v.status, v.title, v.invited_by, v.expires_at
      from public.invitations v where v.id = sent) i);
end $$;
comment on function public.invite(uuid, public.membership_role, uuid, text, uuid) is
  'Invites somebody, by e-mail or account, into an organization (with a role: viewer by default, owner to hand over or share '
  'ownership) or to read a document. As inserting into invitations; the answer is the same whether the account exists or not.';
grant execute on function public.invite(uuid, public.membership_role, uuid, text, uuid) to authenticated, service_role;

create function private.expire_invitations(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  expired integer;
  forgotten integer;
begin
  update public.invitations i set status = 'expired'
  where i.id in (
    select e.id from public.invitations e where e.status = 'pending' and e.expires_at <= now()
    order by e.expires_at limit max_rows for no key update skip locked);
  get diagnostics expired = row_count;
  delete from public.invitations i
  where i.id in (
    select a.id from public.invitations a where a.answered_at < now() - interval '30 days'
    order by a.answered_at limit max_rows for update skip locked);
  get diagnostics forgotten = row_count;
  return expired + forgotten;
end $$;
comment on function private.expire_invitations(integer) is
  'Marks up to max_rows invitations as expired, removes up to as many that were answered more than 30 days ago, and says how '
  'many it was. Definer: the worker has no rights on invitations.';
grant execute on function private.expire_invitations(integer) to tidegate_worker;

-- Memberships: nobody is added, nobody becomes an owner, without accepting -----------------------------------------

drop policy "admins add people, only owners add owners" on public.memberships;
revoke insert, update on public.memberships from authenticated;
grant update (role) on public.memberships to authenticated;

drop policy "owners share their documents" on public.document_shares;
revoke insert on public.document_shares from authenticated;

create function private.forbid_appointing() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if current_user = 'authenticated' then
    raise exception 'nobody becomes an owner without accepting it'
      using errcode = 'insufficient_privilege', hint = 'Send an invitation with the role owner.';
  end if;
  return new;
end $$;
comment on function private.forbid_appointing() is 'Row trigger on memberships: ownership is accepted, not given.';
create trigger forbid_appointing before update on public.memberships
  for each row when (old.role <> 'owner' and new.role = 'owner') execute function private.forbid_appointing();

-- What follows from leaving, once a statement: a row trigger each took 0.08 ms a membership --------------------------

drop trigger keep_an_owner_on_delete on public.memberships;
drop trigger keep_an_owner_on_update on public.memberships;
drop trigger forget_creator on public.memberships;
drop trigger end_shares_of_leaver on public.memberships;
drop trigger return_drafts_on_leaving on public.memberships;
drop trigger return_drafts_on_demotion on public.memberships;
drop function private.has_other_owner(uuid, uuid);

create function private.require_owner(organization_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two owners who leave at once must see each other: they queue on the organization's row.
  perform from public.organizations o where o.id = any (organization_ids) order by o.id for no key update;
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
comment on function private.require_owner(uuid[]) is
  'Refuses when one of these organizations has no owner. Definer: locks rows that the caller may not lock.';
grant execute on function private.require_owner(uuid[]) to authenticated;

create or replace function private.keep_an_owner() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  organizations uuid[];
begin
  -- Only people are held to it: deleting an account or an organization cascades as the table's owner.
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
comment on function private.keep_an_owner() is 'Statement trigger on memberships: refuses to lose the last owner.';
create trigger keep_an_owner_on_delete after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.keep_an_owner();
create trigger keep_an_owner_on_update after update on public.memberships
  referencing old table as old_rows new table as new_rows for each statement execute function private.keep_an_owner();

-- Custom plans: arrays of many thousand ids are hashed only where the planner sees them.
create or replace function private.forget_creator() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  leaver record;
begin
  for leaver in select m.user_id, array_agg(m.organization_id) as organizations from old_rows m group by m.user_id loop
    update public.organizations o set created_by = null
    where o.created_by = leaver.user_id and o.id = any (leaver.organizations);
  end loop;
  return null;
end $$;
comment on function private.forget_creator() is
  'Statement trigger on memberships: a creator who left no longer reads the organization. Definer: the leaver may not update it.';
create trigger forget_creator after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.forget_creator();

create or replace function private.end_shares_of_leaver() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  leaver record;
begin
  for leaver in select m.user_id, array_agg(m.organization_id) as organizations from old_rows m group by m.user_id loop
    delete from public.document_shares s using public.documents d
    where s.user_id = leaver.user_id and d.id = s.document_id and d.visibility <> 'private'
      and d.organization_id = any (leaver.organizations);
  end loop;
  return null;
end $$;
comment on function private.end_shares_of_leaver() is
  'Statement trigger on memberships: who leaves an organization keeps no share of its documents. Definer: shares are the '
  'owner''s to delete, not the remover''s.';
create trigger end_shares_of_leaver after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.end_shares_of_leaver();

create or replace function private.return_drafts() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  leaver record;
begin
  if tg_op = 'DELETE' then
    for leaver in select m.user_id, array_agg(m.organization_id) as organizations from old_rows m group by m.user_id loop
      update public.documents d set organization_id = null
      where d.owner_id = leaver.user_id and d.visibility = 'private' and d.organization_id = any (leaver.organizations);
    end loop;
  else
    for leaver in
      select o.user_id, array_agg(o.organization_id) as organizations
      from old_rows o join new_rows n using (organization_id, user_id)
      where o.role >= 'editor' and n.role < 'editor' group by o.user_id
    loop
      update public.documents d set organization_id = null
      where d.owner_id = leaver.user_id and d.visibility = 'private' and d.organization_id = any (leaver.organizations);
    end loop;
  end if;
  return null;
end $$;
comment on function private.return_drafts() is
  'Statement trigger on memberships: private documents of somebody who may write in the organization no longer become '
  'personal, since filing wants the role of an editor. Definer: whoever takes the role away cannot see them.';
create trigger return_drafts_on_leaving after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.return_drafts();
create trigger return_drafts_on_demotion after update on public.memberships
  referencing old table as old_rows new table as new_rows for each statement execute function private.return_drafts();

create function private.revoke_invitations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  loser record;
begin
  if tg_op = 'DELETE' then
    for loser in select m.user_id, array_agg(m.organization_id) as organizations from old_rows m group by m.user_id loop
      update public.invitations i set status = 'revoked'
      where i.invited_by = loser.user_id and i.status = 'pending' and i.organization_id = any (loser.organizations);
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
comment on function private.revoke_invitations() is
  'Statement trigger on memberships: invitations of somebody who may not send them any more are void. Those to read a document '
  'are looked at when they are accepted. Definer: they are not the remover''s to change.';
create trigger revoke_invitations_on_leaving after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.revoke_invitations();
create trigger revoke_invitations_on_demotion after update on public.memberships
  referencing old table as old_rows new table as new_rows for each statement execute function private.revoke_invitations();

create function private.remove_deserted(organization_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  perform from public.organizations o where o.id = any (organization_ids) order by o.id for no key update;
  delete from public.organizations o
  where o.id = any (organization_ids) and not exists (select from public.memberships m where m.organization_id = o.id);
end $$;
comment on function private.remove_deserted(uuid[]) is
  'Deletes those of these organizations that nobody belongs to. Definer: called where the last member leaves.';
grant execute on function private.remove_deserted(uuid[]) to authenticated;

create function private.dissolve_deserted() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  organizations uuid[];
begin
  -- The last owner stays, so that only an organization without an owner can lose its last member.
  if current_user = 'authenticated' then
    organizations := array(
      select o.organization_id from old_rows o where o.role < 'owner' group by o.organization_id
      having not exists (select from old_rows p where p.organization_id = o.organization_id and p.role = 'owner'));
    if organizations <> '{}' then
      perform private.remove_deserted(organizations);
    end if;
  end if;
  return null;
end $$;
comment on function private.dissolve_deserted() is
  'Statement trigger on memberships: an organization that its last member leaves goes.';
create trigger dissolve_deserted after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.dissolve_deserted();

-- An organization whose last owner's account an administrator deleted ------------------------------------------------

create function private.remove_own_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  perform private.lock_organizations(person);
  delete from public.organizations o
  where o.id in (select m.organization_id from public.memberships m where m.user_id = person)
    and not exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person);
end $$;
comment on function private.remove_own_organizations(uuid) is 'Deletes the organizations that nobody but this person belongs to.';

create or replace function private.leave_organizations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.remove_own_organizations(old.id);
  perform private.forget_uploader(old.id);
  return old;
end $$;
comment on function private.leave_organizations() is
  'Row trigger on auth.users: an organization of an account that is deleted goes when nobody else belongs to it, and otherwise '
  'waits for a member to take it over. Definer: the Auth service that deletes accounts has no rights on public.';

create or replace function private.empty_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
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

drop function private.hand_over_organizations(uuid);

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
    select from public.memberships m where m.organization_id = take_over_organization.organization_id and m.role = 'owner')
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
comment on function private.take_over_organization(uuid) is 'As public.take_over_organization. Definer: nobody gives themselves a role.';

create function public.take_over_organization(organization_id uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  perform private.take_over_organization(take_over_organization.organization_id);
end $$;
comment on function public.take_over_organization(uuid) is
  'Makes the caller owner of an organization that has none, since an administrator deleted the account of its last owner. For '
  'its admins; where there is none, for the members with the highest role. 409: it has an owner; 403: somebody ranks higher.';
grant execute on function private.take_over_organization(uuid), public.take_over_organization(uuid) to authenticated;

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
  select jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id), string_agg(o.name, ', ' order by o.name, o.id)
  into orphans, names
  from private.orphaned_organizations(person) o where o.has_others;
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

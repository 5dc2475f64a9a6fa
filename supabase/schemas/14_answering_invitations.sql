-- Answers to invitations, and their expiry.
--
-- Accepting makes the addressee a member, raises their role, or shares the document with them, if the sender could
-- still send the invitation now. Both answers may be repeated.

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
comment on function private.may_still_invite is
  'Whether the sender could send this invitation now. Definer: called by functions that answer invitations.';

create function private.my_invitation(invitation_id uuid) returns public.invitations
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.invitations;
begin
  -- In the order in which deleting the organization or document locks them.
  select i.* into mine from public.invitations i where i.id = my_invitation.invitation_id;
  perform from public.organizations o where o.id = mine.organization_id for key share;
  perform from public.documents d where d.id = mine.document_id for key share;
  select i.* into mine from public.invitations i
  where i.id = my_invitation.invitation_id and (i.user_id = auth.uid() or i.email = private.my_email())
  for no key update;
  if mine.id is null then
    raise sqlstate 'PT404' using
      message = format('There is no invitation %s for you.', coalesce(my_invitation.invitation_id::text, '(null)')),
      hint = 'An invitation by e-mail belongs to the account that has verified the address.';
  end if;
  return mine;
end $$;
comment on function private.my_invitation is
  'Locks and returns an invitation addressed to the caller; raises PT404 when there is none. Definer: called by '
  'functions that answer invitations.';

create function private.invitation_json(answered public.invitations) returns jsonb
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select pg_catalog.jsonb_build_object(
    'id', answered.id, 'organization_id', answered.organization_id, 'role', answered.role,
    'document_id', answered.document_id, 'email', answered.email, 'user_id', answered.user_id,
    'status', answered.status, 'title', answered.title, 'invited_by', answered.invited_by,
    'expires_at', answered.expires_at)
$$;
comment on function private.invitation_json is 'An invitation as the functions return it.';

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
      raise sqlstate 'PT410' using message = 'The sender of the invitation may not invite you any more.',
        hint = 'Ask for another one.';
    end if;
    if mine.organization_id is not null then
      insert into public.memberships as m (organization_id, user_id, role)
      values (mine.organization_id, auth.uid(), mine.role)
      on conflict (organization_id, user_id) do update set role = excluded.role where m.role < excluded.role;
    else
      insert into public.document_shares (document_id, user_id)
      select d.id, auth.uid() from public.documents d
      where d.id = mine.document_id and d.owner_id is distinct from auth.uid()
      on conflict do nothing;
    end if;
    update public.invitations i set status = 'accepted' where i.id = mine.id returning i.* into mine;
  end if;
  return private.invitation_json(mine);
end $$;
comment on function private.accept_invitation is 'See public.accept_invitation. Definer: adds members and readers.';

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
  return private.invitation_json(mine);
end $$;
comment on function private.decline_invitation is 'See public.decline_invitation. Definer: as accept_invitation.';

create function public.accept_invitation(invitation_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.accept_invitation(accept_invitation.invitation_id) $$;
comment on function public.accept_invitation is
  'Accepts an invitation addressed to the caller: makes the caller a member, raises their role (never lowers it), or '
  'lets them read the document. Returns the invitation; may be repeated. 404: not addressed to the caller; 409: '
  'declined or revoked; 410: expired, or its sender may not send it any more.';

create function public.decline_invitation(invitation_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.decline_invitation(decline_invitation.invitation_id) $$;
comment on function public.decline_invitation is
  'Declines an invitation addressed to the caller and returns it. Its sender sees that it was declined.';

create function public.invite(
  organization_id uuid default null, role public.membership_role default null, document_id uuid default null,
  email text default null, user_id uuid default null) returns jsonb
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  sent uuid;
begin
  perform private.require_open_account();
  insert into public.invitations (organization_id, role, document_id, email, user_id)
  values (invite.organization_id, invite.role, invite.document_id, invite.email, invite.user_id)
  returning id into sent;
  return (
    select pg_catalog.to_jsonb(i) from (
      select v.id, v.organization_id, v.role, v.document_id, v.email, v.user_id, v.status, v.title, v.invited_by,
             v.expires_at
      from public.invitations v where v.id = sent) i);
end $$;
comment on function public.invite is
  'Invites somebody, by e-mail or account, to an organization (with a role: viewer by default, owner to share or hand '
  'over ownership) or to read a document. The same as inserting into invitations. The answer is the same whether the '
  'account exists or not.';
grant execute on function public.invite to authenticated, service_role;

create function private.expire_invitations(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  expired integer;
  forgotten integer;
  counted_no_more integer;
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
  delete from private.sent_invitations s
  where s.invitation_id in (
    select o.invitation_id from private.sent_invitations o where o.sent_at < now() - interval '24 hours'
    order by o.sent_at limit max_rows for update skip locked);
  get diagnostics counted_no_more = row_count;
  return expired + forgotten + counted_no_more;
end $$;
comment on function private.expire_invitations is
  'Marks up to max_rows invitations as expired, deletes up to as many that were answered more than 30 days ago, and as '
  'many records of what was sent more than 24 hours ago; returns how many. Definer: the worker has no rights.';
grant execute on function private.expire_invitations to tidegate_worker;

grant execute on function
  private.accept_invitation, private.decline_invitation, public.accept_invitation, public.decline_invitation
  to authenticated;

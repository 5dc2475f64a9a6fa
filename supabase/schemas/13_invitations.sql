-- Invitations to organizations and documents.
--
-- Memberships and shares are accepted, never given: an administrator or author inserts an invitation, and the addressee
-- accepts it (see answering_invitations). An invitation by e-mail belongs to the account that has verified the address,
-- also to one that is made later, and says nothing about whether the account exists. How much one person sends is
-- bounded by what that person sent alone, since a limit that counts what others sent could be used up by them.

create type public.invitation_status as enum ('pending', 'accepted', 'declined', 'revoked', 'expired');
comment on type public.invitation_status is
  'pending: not answered yet; accepted, declined: answered by the addressee; revoked: withdrawn, or its sender lost '
  'the right to send it; expired: not answered in time.';

create function private.invitation_expiry() returns timestamptz
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select now() + coalesce((select s.invitation_days from private.settings s), 14) * interval '1 day'
$$;
comment on function private.invitation_expiry is
  'When an invitation sent now expires: in 14 days unless private.settings differs. Definer: reads the settings.';
grant execute on function private.invitation_expiry to authenticated, service_role;

create function private.my_email() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select lower(u.email) from auth.users u
  where u.id = auth.uid() and u.email_confirmed_at is not null and u.deleted_at is null
$$;
comment on function private.my_email is
  'The caller''s verified e-mail address in lower case, or null. Definer: reads auth.users.';
grant execute on function private.my_email to authenticated, service_role;

create table public.invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid references public.organizations (id) on delete cascade,
  role public.membership_role,
  document_id uuid references public.documents (id) on delete cascade,
  email text
    constraint "email is a lower-case address of at most 254 characters" check (
      email = lower(email) and char_length(email) <= 254
      and email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'),
  user_id uuid,
  status public.invitation_status not null default 'pending',
  title text not null default '',
  invited_by uuid default auth.uid() references auth.users (id) on delete cascade,
  inviter_email text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default private.invitation_expiry(),
  answered_at timestamptz,
  constraint "either organization_id or document_id is given, not both" check (
    num_nonnulls(organization_id, document_id) = 1),
  constraint "role is given with organization_id, and not with document_id" check (
    (role is null) = (organization_id is null)),
  constraint "either email or user_id is given, not both" check (num_nonnulls(email, user_id) = 1)
);
create unique index "one pending invitation of an address to an organization"
  on public.invitations (organization_id, email) where status = 'pending';
create unique index "one pending invitation of a person to an organization"
  on public.invitations (organization_id, user_id) where status = 'pending';
create unique index "one pending invitation of an address to a document"
  on public.invitations (document_id, email) where status = 'pending';
create unique index "one pending invitation of a person to a document"
  on public.invitations (document_id, user_id) where status = 'pending';
create index invitations_organization_id_idx on public.invitations (organization_id);
create index invitations_document_id_idx on public.invitations (document_id);
create index invitations_email_idx on public.invitations (email);
create index invitations_user_id_idx on public.invitations (user_id);
create index invitations_invited_by_idx on public.invitations (invited_by);
create index invitations_expires_at_idx on public.invitations (expires_at) where status = 'pending';
create index invitations_answered_at_idx on public.invitations (answered_at);
alter table public.invitations enable row level security, force row level security;

comment on table public.invitations is
  'Offers of a membership, of ownership, or of a share of a document. They give nothing until the addressee accepts.';
comment on column public.invitations.id is 'The invitation.';
comment on column public.invitations.organization_id is 'The organization to join, or null.';
comment on column public.invitations.role is 'The role offered there; viewer by default.';
comment on column public.invitations.document_id is 'The document to read, or null.';
comment on column public.invitations.email is 'Address of the addressee in lower case, or null.';
comment on column public.invitations.user_id is
  'Account of the addressee, or null. No foreign key, which would tell whether the account exists.';
comment on column public.invitations.status is 'State.';
comment on column public.invitations.title is
  'Name of the organization or title of the document when it was sent, since the addressee reads neither.';
comment on column public.invitations.invited_by is 'Sender; null for one sent by an administrator.';
comment on column public.invitations.inviter_email is 'Verified e-mail address of the sender when it was sent.';
comment on column public.invitations.created_at is 'When it was sent.';
comment on column public.invitations.expires_at is 'When it can no longer be accepted.';
comment on column public.invitations.answered_at is 'When it was accepted, declined, revoked or expired.';

grant select (
  id, organization_id, role, document_id, email, user_id, status, title, invited_by, inviter_email, created_at,
  expires_at, answered_at)
  on public.invitations to authenticated;
grant insert (organization_id, role, document_id, email, user_id) on public.invitations to authenticated;
grant update (status) on public.invitations to authenticated;
grant delete on public.invitations to authenticated;
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
    -- Not the caller: such a share would outlive the membership by which the caller reads the document.
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
select private.refuse_closed_accounts('public.invitations');

create trigger a_enforce_rows_of_new after insert on public.invitations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_changed after update on public.invitations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

create table private.sent_invitations (
  invitation_id uuid primary key,
  invited_by uuid not null references auth.users (id) on delete cascade,
  addressee bytea not null,
  sent_at timestamptz not null
);
create index sent_invitations_invited_by_sent_at_idx on private.sent_invitations (invited_by, sent_at);
create index sent_invitations_sent_at_idx on private.sent_invitations (sent_at);
alter table private.sent_invitations enable row level security, force row level security;

comment on table private.sent_invitations is
  'Invitations of the last 24 hours, for the limits of their senders. Kept apart, since invitations can be deleted.';
comment on column private.sent_invitations.invitation_id is 'The invitation, which may be gone.';
comment on column private.sent_invitations.invited_by is 'Sender.';
comment on column private.sent_invitations.addressee is 'See private.invitation_addressee.';
comment on column private.sent_invitations.sent_at is 'When it was sent.';

create policy "functions alone use it" on private.sent_invitations for all to anon, authenticated using (false);

create function private.invitation_addressee(email text, user_id uuid) returns bytea
language sql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
  select sha256(convert_to(coalesce(user_id::text, email), 'UTF8'))
$$;
comment on function private.invitation_addressee is 'Hash of the addressee, for counting without keeping addresses.';

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
  new.inviter_email := (
    select lower(u.email) from auth.users u where u.id = new.invited_by and u.email_confirmed_at is not null);
  return new;
end $$;
comment on function private.complete_invitation is
  'Row trigger: fills in what is offered and by whom. Definer: reads auth.users and titles.';

create trigger complete_invitation before insert on public.invitations
  for each row execute function private.complete_invitation();

create function private.answer_invitation() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- Not for functions and administrators.
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
          select from private.my_organizations(
            case old.role when 'owner' then 'owner' else 'admin' end::public.membership_role) o (id)
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
comment on function private.answer_invitation is
  'Row trigger: addressees decline and senders revoke pending invitations; sets answered_at.';

create trigger answer_invitation before update of status on public.invitations
  for each row when (old.status <> new.status) execute function private.answer_invitation();

create function private.counted_invitations(sender uuid) returns table (addressee bytea)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select s.addressee from private.sent_invitations s
    where s.invited_by = sender and s.sent_at > now() - interval '24 hours'
    union all
    select private.invitation_addressee(i.email, i.user_id) from public.invitations i
    where i.invited_by = sender and i.status = 'pending' and i.expires_at > now()
      and not exists (
        select from private.sent_invitations s
        where s.invitation_id = i.id and s.sent_at > now() - interval '24 hours');
end $$;
comment on function private.counted_invitations is
  'Addressees of a sender''s invitations that count: those of the last 24 hours, and older ones that are pending. '
  'Definer: called by limit_invitations only.';

create function private.limit_invitations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  sender uuid;
begin
  insert into private.sent_invitations (invitation_id, invited_by, addressee, sent_at)
  select n.id, n.invited_by, private.invitation_addressee(n.email, n.user_id), n.created_at from new_rows n
  where n.invited_by is not null
  on conflict do nothing;
  if not private.is_held_to_limits() then
    return null;
  end if;
  for sender in select distinct n.invited_by from new_rows n where n.invited_by is not null order by 1 loop
    perform private.lock_limit('invitations_sent', sender::text);
    perform private.enforce_limit('invitations_sent', (select count(*) from private.counted_invitations(sender)));
    perform private.enforce_limit('invitations_to_one', (
      select max(a.invitations) from (
        select count(*) as invitations from private.counted_invitations(sender) c
        where c.addressee in (
          select private.invitation_addressee(n.email, n.user_id) from new_rows n where n.invited_by = sender)
        group by c.addressee) a));
  end loop;
  return null;
end $$;
comment on function private.limit_invitations is
  'Statement trigger: records what is sent, and bounds what one sender sends in all and to one addressee. Definer: '
  'people neither read nor write the records.';

create trigger limit_invitations after insert on public.invitations
  referencing new table as new_rows for each statement execute function private.limit_invitations();

-- Purpose: what others send to somebody keeps nobody from inviting them, and what one sender sends is counted for a day,
--   whatever became of it: taking an invitation back, its being declined, and deleting it or what it offered free nothing.
-- Undo: create private.limit_invitations of 20261127192000 and private.expire_invitations of 20261127130000 again; drop table
--   private.sent_invitations; drop function private.invitation_addressee(text, uuid) and private.counted_invitations(uuid);
--   insert the limit invitations_received again and delete invitations_to_one.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- One that counts what others sent can be used up by them, and its refusal tells how much they sent.
delete from private.limits where name = 'invitations_received';
insert into private.limits (name, allowed, what) values
  ('invitations_to_one', 5, 'invitations of one sender to one address or account, open or of the last 24 hours');
update private.limits set what = 'invitations of one sender, open or of the last 24 hours' where name = 'invitations_sent';

create function private.invitation_addressee(email text, user_id uuid) returns bytea
language sql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
  select sha256(convert_to(coalesce(user_id::text, email), 'UTF8'))
$$;
comment on function private.invitation_addressee(text, uuid) is
  'Stands for the addressee of an invitation where it is counted, so that no address is kept there.';

create table private.sent_invitations (
  invitation_id uuid primary key,
  invited_by uuid not null references auth.users (id) on delete cascade,
  addressee bytea not null,
  sent_at timestamptz not null
);
create index sent_invitations_invited_by_sent_at_idx on private.sent_invitations (invited_by, sent_at);
create index sent_invitations_sent_at_idx on private.sent_invitations (sent_at);
alter table private.sent_invitations enable row level security;
alter table private.sent_invitations force row level security;
create policy "functions alone use it" on private.sent_invitations for all to anon, authenticated using (false);
comment on table private.sent_invitations is
  'Invitations of the last 24 hours, which count towards limits of their sender. Kept beside them, since either side may delete '
  'an invitation, and deleting the organization or the document takes it along.';
comment on column private.sent_invitations.invitation_id is 'The invitation, which may be gone.';
comment on column private.sent_invitations.invited_by is 'Who sent it.';
comment on column private.sent_invitations.addressee is 'private.invitation_addressee of it.';
comment on column private.sent_invitations.sent_at is 'When it was sent.';

insert into private.sent_invitations (invitation_id, invited_by, addressee, sent_at)
select i.id, i.invited_by, private.invitation_addressee(i.email, i.user_id), i.created_at from public.invitations i
where i.invited_by is not null and i.created_at > now() - interval '24 hours';

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
comment on function private.counted_invitations(uuid) is
  'To whom somebody sent what counts: an invitation of the last 24 hours, and an older one that is open. Definer: called by '
  'private.limit_invitations; granted to nobody.';

create or replace function private.limit_invitations() returns trigger
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
comment on function private.limit_invitations() is
  'Statement trigger: notes what is sent, and bounds how much one sender sends, to all and to one addressee. Counts nothing of '
  'others: they could use it up, and a refusal would tell of them. Definer: people neither read nor write the notes.';

create or replace function private.expire_invitations(max_rows integer) returns integer
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
comment on function private.expire_invitations(integer) is
  'Marks up to max_rows invitations as expired, removes up to as many that were answered more than 30 days ago and as many notes '
  'of what was sent more than 24 hours ago, and says how many it was. Definer: the worker has no rights on them.';

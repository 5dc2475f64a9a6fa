-- Organizations and accounts that are too large to delete in one transaction.
--
-- Deleting a large one ends every right in it at once: memberships, invitations, what was published, the account's
-- sessions. Its rows are left to the worker, which deletes them in pieces (see removals). The statement that asked for
-- the deletion reports no deleted row.

create table private.removals (
  kind text not null check (kind in ('organization', 'account', 'drafts', 'deserted', 'uploads')),
  subject_id uuid not null,
  deletes_account boolean not null default false,
  organization_ids uuid[] not null default '{}',
  last_file_id uuid,
  queued_at timestamptz not null default now(),
  turn timestamptz not null default clock_timestamp(),
  attempts integer not null default 0,
  last_error text,
  primary key (kind, subject_id)
);
create index removals_turn_idx on private.removals (turn);
alter table private.removals enable row level security, force row level security;

comment on table private.removals is 'What the worker removes in pieces.';
comment on column private.removals.kind is
  'organization; account; drafts: private documents that become personal; deserted: organizations; uploads: who '
  'uploaded files.';
comment on column private.removals.subject_id is 'The organization or the person; for a list only a key.';
comment on column private.removals.deletes_account is 'Whether the account itself is deleted at the end.';
comment on column private.removals.organization_ids is 'The list; those that still have no member are deleted.';
comment on column private.removals.last_file_id is 'Of uploads: the last file that was looked at.';
comment on column private.removals.queued_at is 'When it was queued.';
comment on column private.removals.turn is 'Next in order of this time; later after a failure.';
comment on column private.removals.attempts is 'Failures in a row.';
comment on column private.removals.last_error is 'Why the last attempt failed.';

create policy "functions alone use it" on private.removals for all to anon, authenticated using (false);

create function private.leave_orders(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  pending uuid[];
begin
  perform private.revert_purchases_of(person);
  select array_agg(l.id) into pending
  from (
    select o.id from public.orders o where o.buyer_id = person and o.status = 'pending'
    order by o.id for no key update) l;
  if pending is not null then
    perform private.withdraw_pending(pending, 'The account was closed.');
  end if;
  update private.payment_jobs j set customer_id = null, traceparent = null
  where j.customer_id = person and j.done_at is not null
    and j.order_id in (select o.id from public.orders o where o.buyer_id = person);
  update private.payment_jobs j set settled_by = null where j.settled_by = person;
end $$;
comment on function private.leave_orders is
  'Cancels a person''s unpaid orders, reverts their withdrawn purchases, and removes their name from finished '
  'payments. Paid orders are delivered and kept.';

create function private.begin_clearing_uploads(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  last_file constant uuid := private.clear_uploader(person, null, 2000);
begin
  if last_file is not null then
    insert into private.removals (kind, subject_id, last_file_id) values ('uploads', person, last_file)
    on conflict (kind, subject_id) do update set last_file_id = excluded.last_file_id;
  end if;
end $$;
comment on function private.begin_clearing_uploads is
  'Removes a person from the files that they uploaded: at once where there are few files of anybody, else in pieces.';

create function private.is_large_removal(document_ids uuid[]) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  return cardinality(document_ids) > 500
    or exists (select from public.chunks c where c.document_id = any (document_ids) offset 2000)
    or exists (select from public.document_shares s where s.document_id = any (document_ids) offset 2000)
    or exists (select from public.document_files f where f.document_id = any (document_ids) offset 2000)
    -- As stored; neither sum reads a text.
    or 50000000 < (
      select coalesce(sum(pg_column_size(d.content)), 0) from public.documents d where d.id = any (document_ids))
    or 50000000 < (
      select coalesce(sum(pg_column_size(t.content)), 0) from (
        select f.content from public.file_texts f where f.document_id = any (document_ids) limit 2001) t);
end $$;
comment on function private.is_large_removal is
  'Whether deleting these documents, with all that goes with them, takes more than some tenths of a second.';

create function private.documents_of(organization_ids uuid[], max_documents integer) returns uuid[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  return array(
    select d.id from public.documents d where d.organization_id = any (organization_ids) limit max_documents);
end $$;
comment on function private.documents_of is 'Documents of these organizations, at most so many.';

create function private.queue_organizations(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  insert into private.removals (kind, subject_id)
  select 'organization', o.id from unnest(organization_ids) o (id) on conflict do nothing;
  -- Ends what it published and its founder's right to read it, and frees its slug.
  update public.organizations o
  set may_publish = false, published_at = null, created_by = null, slug = 'removed-' || replace(o.id::text, '-', '')
  where o.id = any (organization_ids);
  delete from public.memberships m where m.organization_id = any (organization_ids);
  delete from public.invitations i where i.organization_id = any (organization_ids);
  perform private.record_rights_lost('{}', organization_ids);
end $$;
comment on function private.queue_organizations is 'Ends every right in these organizations, and queues their removal.';

create function private.remove_organizations(organization_ids uuid[]) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
begin
  if cardinality(organization_ids) > 1
    and (private.is_large_removal(private.documents_of(organization_ids, 501))
         or exists (select from public.invitations i where i.organization_id = any (organization_ids) offset 2000))
  then
    perform private.queue_organizations(organization_ids);
  else
    delete from public.organizations o where o.id = any (organization_ids);
  end if;
end $$;
comment on function private.remove_organizations is
  'Deletes organizations without other members, at most a thousand; in pieces when much goes with them.';

create function private.is_large_organization(organization uuid) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return private.is_large_removal(private.documents_of(array[organization], 501))
    or exists (select from public.memberships m where m.organization_id = organization offset 2000)
    or exists (select from public.invitations i where i.organization_id = organization offset 2000);
end $$;
comment on function private.is_large_organization is
  'Whether deleting an organization would take more than some tenths of a second.';

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
comment on function private.begin_large_organization is
  'Row trigger on organizations: queues the removal of a large one. Definer: ends rights of others.';

create trigger begin_large_removal before delete on public.organizations
  for each row execute function private.begin_large_organization();

create function private.leave_some_organizations(person uuid, max_organizations integer) returns integer
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
comment on function private.leave_some_organizations is
  'Ends some memberships of a closed account, and deletes organizations without other members; returns how many.';

create function private.is_large_account(person uuid) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  own_organizations constant uuid[] := array(
    select m.organization_id from public.memberships m
    where m.user_id = person
      and not exists (
        select from public.memberships s where s.organization_id = m.organization_id and s.user_id <> person)
    limit 1001);
  personal_documents constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = person and (d.organization_id is null or d.visibility = 'private') limit 501);
begin
  return exists (select from public.memberships m where m.user_id = person offset 1000)
    or exists (select from public.documents d where d.owner_id = person offset 500)
    or exists (select from public.organizations o where o.created_by = person offset 1000)
    or exists (select from public.interactions i where i.user_id = person offset 5000)
    or exists (select from public.document_shares s where s.user_id = person offset 5000)
    or exists (select from public.invitations i where i.invited_by = person offset 2000)
    or exists (select from public.orders o where o.buyer_id = person offset 1000)
    or exists (select from private.order_requests r where r.buyer_id = person offset 1000)
    or exists (select from private.paired_purchases p where p.user_id = person offset 5000)
    or exists (
      select from public.invitations i where i.organization_id = any (own_organizations) offset 2000)
    or private.is_large_removal(personal_documents || private.documents_of(own_organizations, 501));
end $$;
comment on function private.is_large_account is 'Whether deleting an account takes more than some tenths of a second.';

create function private.begin_account_removal(person uuid, deletes_account boolean) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  insert into private.removals as r (kind, subject_id, deletes_account)
  values ('account', person, begin_account_removal.deletes_account)
  on conflict (kind, subject_id) do update set deletes_account = r.deletes_account or excluded.deletes_account;
  -- The rest follows in pieces: a closed account is refused everywhere, so further memberships give no rights.
  perform private.leave_some_organizations(person, 200);
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null
    and exists (select from public.memberships m where m.organization_id = o.id and m.user_id = person)
    and not exists (select from public.memberships m where m.organization_id = o.id and m.user_id <> person);
  perform private.leave_orders(person);
  delete from public.profiles p where p.id = person;
  perform private.record_rights_lost(array[person], '{}');
end $$;
comment on function private.begin_account_removal is
  'Ends every right of a closed account, and every right that others have through it, and queues its removal.';

create function private.begin_large_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.is_large_account(old.id) then
    return old;
  end if;
  perform private.begin_account_removal(old.id, true);
  -- It can no longer sign in, and its address and number are free again.
  delete from auth.sessions s where s.user_id = old.id;
  delete from auth.identities i where i.user_id = old.id;
  update auth.users u
  set deleted_at = coalesce(u.deleted_at, now()), email = null, phone = null, encrypted_password = null,
      raw_user_meta_data = '{}', raw_app_meta_data = '{}'
  where u.id = old.id;
  return null;
end $$;
comment on function private.begin_large_account is
  'Row trigger on auth.users: closes a large account and queues its removal. Definer: as leave_organizations.';

-- Named to fire before the other triggers.
create trigger begin_large_removal before delete on auth.users
  for each row execute function private.begin_large_account();

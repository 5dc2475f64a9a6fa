-- Purpose: closing an account tells of orders and of what was looked at, and an account that Auth only marks as deleted
--   leaves them as one that is gone does.
-- Undo: create private.account_holdings, private.empty_account and private.cancel_pending_orders again as they were; drop
--   function private.leave_orders(uuid).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.leave_orders(person uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  pending uuid[];
begin
  select array_agg(l.id) into pending
  from (
    select o.id from public.orders o where o.buyer_id = person and o.status = 'pending' order by o.id for no key update) l;
  if pending is not null then
    perform private.withdraw_pending(pending, 'The account was closed.');
  end if;
  update private.payment_jobs j set customer_id = null
  where j.customer_id = person and j.done_at is not null
    and j.order_id in (select o.id from public.orders o where o.buyer_id = person);
end $$;
comment on function private.leave_orders(uuid) is
  'What somebody has not paid is cancelled; paid orders are delivered and kept. The provider''s records of what is done lose the name.';

create or replace function private.cancel_pending_orders() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.leave_orders(old.id);
  return old;
end $$;

create or replace function private.empty_account() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.hand_over_organizations(new.id);
  perform private.forget_uploader(new.id);
  delete from public.memberships m where m.user_id = new.id;
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

create or replace function private.account_holdings(person uuid)
returns table (what text, outcome text, count bigint, why text)
language sql stable security invoker rows 10 set search_path = ''
as $$
  with dissolved as (
    select o.id from private.orphaned_organizations(person) o where not o.has_others
  ), documents as (
    select d.id, d.organization_id is null or d.visibility = 'private' as personal,
           coalesce(d.organization_id in (select id from dissolved), false) as dissolved
    from public.documents d
    where d.owner_id = person or (d.visibility <> 'private' and d.organization_id in (select id from dissolved))
  ), files as (
    select f.id, d.id is not null as gone
    from storage.objects f
    left join documents d on d.id = private.document_of_file(f.name) and (d.personal or d.dissolved)
    where f.bucket_id = 'documents' and (d.id is not null or f.owner = person or f.owner_id = person::text))
  select 'profile', 'removed', count(*), 'It says who you are.' from public.profiles p where p.id = person
  union all
  select 'personal documents', 'removed', count(*), 'They are yours alone, with their passages and shares.'
  from documents where personal
  union all
  select 'organizations', 'removed', count(*), 'Nobody else belongs to them.' from dissolved
  union all
  select 'documents of these organizations', 'removed', count(*), 'They go with the organization.'
  from documents d where d.dissolved and not d.personal
  union all
  select 'memberships', 'removed', count(*), 'You belong to no organization any more.'
  from public.memberships m where m.user_id = person
  union all
  select 'shares with you', 'removed', count(*), 'Nobody is let in by them any more.'
  from public.document_shares s where s.user_id = person
  union all
  select 'documents of organizations', 'anonymised', count(*), 'They belong to the organization, and no longer say who wrote them.'
  from documents d where not d.personal and not d.dissolved
  union all
  select 'organizations you founded', 'anonymised', count(*), 'They go on, and no longer say who founded them.'
  from public.organizations o where o.created_by = person and o.id not in (select id from dissolved)
  union all
  select 'files of documents that stay', 'anonymised', count(*), 'They belong to the document, and no longer say who put them there.'
  from files where not gone
  union all
  select 'files of removed documents', 'kept', count(*),
         'Nobody can read a file without its document. Storage is cleared of them from time to time.'
  from files where gone
  union all
  select 'what you looked at, put into the cart and bought', 'removed', count(*),
         'Nothing is recommended by it any more. Counts over many people stay, and tell nothing of one.'
  from public.interactions i where i.user_id = person
  union all
  select 'orders not paid yet', 'kept', count(*),
         'They are cancelled, and their goods back on sale; the order stays in the books, and no longer says whose it was.'
  from public.orders o where o.buyer_id = person and o.status = 'pending'
  union all
  select 'orders', 'kept', count(*), 'Bookkeeping law wants them for years; they no longer say who bought.'
  from public.orders o where o.buyer_id = person and o.status <> 'pending'
$$;

-- Purpose: whoever counts purchases and whoever closes an account get in each other's way no more. To note whose pairs are
--   counted refers to the account; one that went meanwhile made the whole step fail, and one that Auth only marked as deleted
--   kept what was noted of it. The accounts are kept from going before anything is counted, and waited for by nobody.
-- Undo: create fold_interactions again as 20261124110200, and empty_account as 20261127191000 have them; drop function
--   private.take_purchases(integer).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.take_purchases(max_rows integer) returns bigint[]
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  waiting constant bigint[] := array(
    select t.interaction_id from private.interactions_to_fold t order by t.interaction_id limit max_rows for update skip locked);
  kept constant uuid[] := array(
    select u.id from auth.users u
    where u.id in (select i.user_id from public.interactions i where i.id = any (waiting)) and u.deleted_at is null
    order by u.id for key share skip locked);
  taken bigint[];
begin
  with gone as (
    delete from private.interactions_to_fold q
    where q.interaction_id = any (waiting)
      and not exists (
        select from public.interactions i join auth.users u on u.id = i.user_id
        where i.id = q.interaction_id and u.deleted_at is null and u.id <> all (kept))
    returning q.interaction_id)
  select coalesce(array_agg(g.interaction_id), '{}') into taken from gone g;
  return taken;
end $$;
comment on function private.take_purchases(integer) is
  'Takes up to max_rows purchases from those to be counted, and keeps the accounts of their buyers from being deleted before '
  'the transaction ends. It waits for nobody: the purchases of an account that is being closed are left to the next time, when '
  'they are gone with it. What is taken of accounts that are closed counts for nothing. Definer: as fold_interactions, which '
  'calls it; granted to nobody.';

create or replace function private.fold_interactions(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  taken bigint[];
  counting bigint[];
  users uuid[];
  products uuid[];
begin
  -- One at a time: two would wait for each other's scores. Whoever comes second has nothing to do.
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  taken := private.take_purchases(max_rows);
  counting := array(
    select i.id from public.interactions i join auth.users u on u.id = i.user_id
    where i.id = any (taken) and u.deleted_at is null);
  if cardinality(counting) = 0 then
    return cardinality(taken);
  end if;
  perform private.fold_popularity(counting);
  -- Who had bought it before counts already.
  select array_agg(n.user_id), array_agg(n.product_id) into users, products
  from (
    select distinct i.user_id, i.product_id from public.interactions i
    where i.id = any (counting) and i.kind = 'purchase'
      and not exists (
        select from public.interactions e
        where e.user_id = i.user_id and e.product_id = i.product_id and e.kind = 'purchase' and not e.id = any (counting)
          and not exists (select from private.interactions_to_fold q where q.interaction_id = e.id))
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = i.user_id and t.product_id = i.product_id)) n;
  if users is not null then
    perform private.add_pairs(users, products);
  end if;
  return cardinality(taken);
end $$;

create or replace function private.empty_account() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- As whoever deletes it: what refers to the account in a transaction under way is seen here, and removed with the rest.
  perform from auth.users u where u.id = new.id for update;
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

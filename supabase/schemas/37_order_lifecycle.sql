-- From pending to delivered, or back.
--
-- An order that is cancelled while the provider is charging it is marked as withdrawn, and what becomes of the charge
-- decides: money that arrives goes back (see payments). A refund may be told of before its charge (see payment_events).
--
-- Locks are taken in one order everywhere: buyer's account, order, payment jobs, products by id.

create function private.return_stock(order_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- By id, as place_order locks them.
  perform p.id
  from public.products p
  where p.id in (select i.product_id from public.order_items i where i.order_id = any (order_ids))
  order by p.id
  for update;
  -- least(): a full stock must not keep an order from being cancelled.
  update public.products p set stock = least(p.stock::bigint + r.quantity, 2147483647)::integer
  from (
    select i.product_id, sum(i.quantity) as quantity
    from public.order_items i where i.order_id = any (order_ids) and i.product_id is not null
    group by i.product_id) r
  where p.id = r.product_id;
end $$;
comment on function private.return_stock is
  'Puts the units of these orders back into stock, except those of deleted products. Definer: writes stock.';

create function private.lock_order(order_id uuid, for_shop boolean) returns public.orders
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  locked public.orders;
begin
  if for_shop and not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  select o.* into locked from public.orders o
  where o.id = lock_order.order_id and (o.buyer_id = auth.uid() or private.acts_for_the_shop())
  for no key update;
  if locked.id is null then
    raise sqlstate 'PT404' using
      message = format('there is no order %s of yours', coalesce(order_id::text, '(null)'));
  end if;
  return locked;
end $$;
comment on function private.lock_order is
  'Locks and returns the caller''s order, or any order for staff. PT404 when there is none, PT403 when only staff may '
  'do this. Definer: buyers lock no rows.';

create function private.withdraw_pending(order_ids uuid[], reason text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  unpaid uuid[];
begin
  perform j.order_id from private.payment_jobs j
  where j.order_id = any (order_ids) and j.kind = 'charge' order by j.order_id for no key update;
  -- The provider cannot have charged what it never heard of, nor what the buyer has not confirmed. Where the buyer
  -- confirms it after that, settle_late_charge gives the money back.
  with dropped as (
    update private.payment_jobs j
    set done_at = now(), outcome = case when j.is_sent then 'not confirmed' else 'never sent' end, failed_at = null
    where j.order_id = any (order_ids) and j.kind = 'charge' and j.done_at is null
      and (not j.is_sent or j.undecided = 'needs action')
    returning j.order_id
  )
  select array_agg(d.order_id) into unpaid from dropped d;
  update public.orders o set status = 'cancelled', reason = withdraw_pending.reason where o.id = any (unpaid);
  perform private.return_stock(unpaid);
  -- The others are being charged: what becomes of that decides, and money that arrives goes back.
  update public.orders o set withdrawn_at = now(), reason = withdraw_pending.reason
  where o.id = any (order_ids) and o.status = 'pending' and o.withdrawn_at is null;
end $$;
comment on function private.withdraw_pending is
  'Cancels pending orders whose locks the caller holds, and marks as withdrawn those that are being charged. Definer: '
  'called by functions that know whose they are.';

create function private.cancel_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders := private.lock_order(order_id, false);
begin
  if known.status = 'shipped' then
    raise sqlstate 'PT409' using message = 'the order is on its way and can no longer be cancelled',
      hint = 'Send it back; it is refunded then.';
  end if;
  if known.status = 'pending' then
    perform private.withdraw_pending(array[known.id], 'Cancelled.');
  elsif known.status = 'paid' and known.withdrawn_at is null then
    update public.orders o set withdrawn_at = now(), reason = 'Cancelled.' where o.id = known.id;
    perform private.owe_refund(known.id);
  end if;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.cancel_order is 'See public.cancel_order. Definer: writes orders.';

create function private.ship_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.withdrawn_at is not null and known.status = 'paid' then
    raise sqlstate 'PT409' using message = 'the order was cancelled and is being refunded';
  end if;
  if known.status <> 'shipped' then
    update public.orders o set status = 'shipped' where o.id = known.id;
  end if;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.ship_order is 'See public.ship_order. Definer: writes orders.';

create function private.complete_refund(known public.orders) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if known.status not in ('paid', 'shipped') then
    return;
  end if;
  update public.orders o set status = 'refunded' where o.id = known.id;
  if known.shipped_at is null then
    perform private.return_stock(array[known.id]);
  end if;
end $$;
comment on function private.complete_refund is
  'Marks an order as refunded, and returns its goods to the stock unless they were shipped. Definer: called under the '
  'order''s lock.';

create function private.refund_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('pending', 'cancelled') then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status),
      hint = 'Cancel it instead.';
  end if;
  -- What the provider charged beside a payment by hand goes back as well.
  update private.payment_jobs j set outcome = 'succeeded', failed_at = null
  where j.order_id = known.id and j.kind = 'charge' and j.outcome = 'by hand' and j.failed_at is not null;
  if found and known.status = 'refunded' then
    perform private.owe_refund(known.id);
  end if;
  if known.status <> 'refunded' then
    if known.withdrawn_at is null then
      update public.orders o set withdrawn_at = now(), reason = 'Refunded by the shop.' where o.id = known.id;
    end if;
    if not private.owe_refund(known.id) then
      perform private.complete_refund(known);
    end if;
  end if;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.refund_order is 'See public.refund_order. Definer: writes orders.';

create function private.mark_paid(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders;
begin
  if private.acts_for_the_shop() then
    perform private.lock_buyer(order_id);
  end if;
  known := private.lock_order(order_id, true);
  if known.status = 'pending' then
    update private.payment_jobs j
    set done_at = now(), outcome = 'by hand', failed_at = null, reference = null, settled_by = auth.uid()
    where j.order_id = known.id and j.kind = 'charge' and j.done_at is null
      and (not j.is_sent or j.failed_at is not null);
    if not found then
      raise sqlstate 'PT409' using message = 'the order is being charged by the payment provider',
        hint = 'Wait for what comes of it.';
    end if;
    update public.orders o set status = 'paid' where o.id = known.id;
    perform private.settle_waiting_events(known.id);
  elsif known.status = 'cancelled' then
    raise sqlstate 'PT409' using message = 'an order that is cancelled cannot become paid';
  end if;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.mark_paid is 'See public.mark_paid. Definer: writes orders.';

create function private.mark_never_charged(order_id uuid, reason text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  why constant text := private.plain_text(reason, 500);
  known public.orders := private.lock_order(order_id, true);
begin
  if why is null then
    raise sqlstate 'PT422' using message = 'reason must say how you know that no money was taken';
  end if;
  if known.status = 'pending' then
    update private.payment_jobs j
    set done_at = now(), outcome = 'never made', failed_at = null, settled_by = auth.uid(), settled_reason = why
    where j.order_id = known.id and j.kind = 'charge' and j.done_at is null;
    update public.orders o
    set status = 'cancelled', reason = coalesce(known.reason, 'The payment was not made.')
    where o.id = known.id;
    perform private.return_stock(array[known.id]);
  elsif known.status <> 'cancelled' then
    raise sqlstate 'PT409' using message = pg_catalog.format('the order was paid: it is %s', known.status),
      hint = 'Refund it instead.';
  end if;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.mark_never_charged is 'See public.mark_never_charged. Definer: writes orders.';

create function private.mark_refunded(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('paid', 'shipped') then
    perform private.owe_refund(known.id);
  elsif known.status <> 'refunded'
    and not exists (select from private.payment_jobs j where j.order_id = known.id and j.kind = 'refund')
  then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status);
  end if;
  -- Also of an order that was cancelled, to which the money came late.
  update private.payment_jobs j set done_at = now(), outcome = 'by hand', failed_at = null, settled_by = auth.uid()
  where j.order_id = known.id and j.kind = 'refund' and j.done_at is null
    and (not j.is_sent or j.failed_at is not null);
  if exists (
    select from private.payment_jobs j where j.order_id = known.id and j.kind = 'refund' and j.done_at is null)
  then
    raise sqlstate 'PT409' using message = 'the order is being refunded by the payment provider',
      hint = 'Wait for what comes of it.';
  end if;
  perform private.complete_refund(known);
  return private.order_json_by_id(known.id);
end $$;
comment on function private.mark_refunded is 'See public.mark_refunded. Definer: writes orders.';

create function public.cancel_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.cancel_order(order_id) $$;
comment on function public.cancel_order is
  'Cancels the caller''s order, or any for staff, and returns it; may be repeated. A pending order is cancelled and '
  'its goods are on sale again. A paid one is refunded; while one is being charged, withdrawn_at is set until the '
  'outcome is known. 409: shipped.';

create function public.ship_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.ship_order(order_id) $$;
comment on function public.ship_order is 'For staff: marks a paid order as shipped. 409: not paid, or being refunded.';

create function public.refund_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.refund_order(order_id) $$;
comment on function public.refund_order is
  'For staff: refunds a paid or shipped order, by the provider that charged it, or at once if paid by hand.';

create function public.mark_paid(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.mark_paid(order_id) $$;
comment on function public.mark_paid is
  'For staff: marks an order as paid by other means than the provider, or because the provider''s records say so. 409 '
  'while the provider is charging it.';

create function public.mark_never_charged(order_id uuid, reason text) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.mark_never_charged(order_id, reason) $$;
comment on function public.mark_never_charged is
  'For staff: cancels a pending order whatever its charge waits for, because the provider took no money; reason says '
  'how they know, and is kept with their name. Money that arrives all the same goes back. 409: paid.';

create function public.mark_refunded(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.mark_refunded(order_id) $$;
comment on function public.mark_refunded is
  'For staff: marks an order as refunded by other means than the provider. 409 while the provider is refunding it.';

create function private.overdue_orders(max_orders integer) returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select d.id
  from (
    (select o.id, o.created_at as since
     from public.orders o join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
     where o.status = 'pending' and o.withdrawn_at is null
       and o.created_at < now() - private.unpaid_order_interval() and j.done_at is null and not j.is_sent
     order by o.created_at limit max_orders)
    union all
    (select j.order_id, j.decide_by from private.payment_jobs j
     where j.undecided = 'needs action' and j.decide_by < now() order by j.decide_by limit max_orders)) d
  order by d.since limit max_orders
$$;
comment on function private.overdue_orders is
  'Orders that the provider never heard of in their time, or whose buyers did not confirm the payment in theirs, '
  'oldest first. Definer: called by expire_orders.';

create function private.expire_orders(max_orders integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  looked_at integer;
  due uuid[];
  free uuid[];
  ready uuid[];
begin
  update private.payment_jobs j set failed_at = now(), last_error = 'The provider has not decided in time.'
  where (j.order_id, j.kind) in (
    select k.order_id, k.kind from private.payment_jobs k
    where k.undecided = 'pending' and k.decide_by < now() limit max_orders for no key update skip locked);
  -- Waits for no lock. An order that is locked, or of which a product is, is left for the next run; when that leaves
  -- none of the oldest, more orders are tried.
  foreach looked_at in array array[max_orders, 10 * max_orders] loop
    due := array(
      select o.id
      from private.overdue_orders(looked_at) with ordinality d (id, place)
      join public.orders o on o.id = d.id join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
      where o.status = 'pending' and j.done_at is null and (not j.is_sent or j.undecided = 'needs action')
      order by d.place for no key update of o, j skip locked);
    free := array(
      select p.id from public.products p
      where p.id in (select i.product_id from public.order_items i where i.order_id = any (due))
      order by p.id for update skip locked);
    ready := array(
      select d.id from unnest(due) with ordinality d (id, place)
      -- A product that is gone holds nobody up: to be unequal to none is true of null as well.
      where not exists (
        select from public.order_items i
        where i.order_id = d.id and i.product_id is not null and i.product_id <> all (free))
      order by d.place limit max_orders);
    exit when ready <> '{}';
  end loop;
  if ready <> '{}' then
    perform private.withdraw_pending(ready, 'Not paid in time.');
  end if;
  return cardinality(ready);
end $$;
comment on function private.expire_orders is
  'Cancels up to max_orders orders that were not paid in time, oldest first, and returns how many. Leaves to staff '
  'what the provider has not decided in its time. Definer: the worker has no rights on orders.';
grant execute on function private.expire_orders to tidegate_worker;

grant execute on function
  private.cancel_order, private.ship_order, private.refund_order, private.mark_paid, private.mark_never_charged,
  private.mark_refunded,
  public.cancel_order, public.ship_order, public.refund_order, public.mark_paid, public.mark_never_charged,
  public.mark_refunded
  to authenticated, service_role;

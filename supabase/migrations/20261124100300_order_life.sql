-- Purpose: what becomes of an order: cancelled, paid by hand, shipped, refunded; and when its buyer's account is closed.
-- Undo: drop trigger cancel_pending_orders on auth.users; drop the functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.lock_order(order_id uuid, for_shop boolean) returns public.orders
language plpgsql volatile security definer set search_path = ''
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
    raise sqlstate 'PT404' using message = pg_catalog.format('there is no order %s of yours', coalesce(order_id::text, '(null)'));
  end if;
  return locked;
end $$;
comment on function private.lock_order(uuid, boolean) is
  'Locks the caller''s order, or any for staff, and returns it; PT404 when there is none, PT403 when it is for staff. '
  'Orders are locked before their payment and their products. Definer: buyers lock no rows; granted to nobody.';

create function private.cancel_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
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
  return private.order_as_json(known.id);
end $$;
comment on function private.cancel_order(uuid) is 'As public.cancel_order. Definer: buyers write no orders.';

create function private.withdraw_pending(order_ids uuid[], reason text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  unpaid uuid[];
begin
  perform j.order_id from private.payment_jobs j
  where j.order_id = any (order_ids) and j.kind = 'charge' order by j.order_id for no key update;
  -- Of what the provider never heard, nothing can have been charged.
  with dropped as (
    update private.payment_jobs j
    set done_at = now(), outcome = 'never sent', parked_at = null
    where j.order_id = any (order_ids) and j.kind = 'charge' and not j.is_sent and j.done_at is null
    returning j.order_id
  )
  select array_agg(d.order_id) into unpaid from dropped d;
  update public.orders o set status = 'cancelled', reason = withdraw_pending.reason where o.id = any (unpaid);
  perform private.return_stock(unpaid);
  -- The others' charge is under way: what comes of it decides, and what was paid goes back.
  update public.orders o set withdrawn_at = now(), reason = withdraw_pending.reason
  where o.id = any (order_ids) and o.status = 'pending' and o.withdrawn_at is null;
end $$;
comment on function private.withdraw_pending(uuid[], text) is
  'Cancels pending orders whose locks the caller holds, and marks those as withdrawn whose payment is under way. Definer: '
  'called by functions that know whose they are; granted to nobody.';

create function private.ship_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
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
  return private.order_as_json(known.id);
end $$;
comment on function private.ship_order(uuid) is 'As public.ship_order. Definer: nobody writes orders.';

create function private.refund_order(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('pending', 'cancelled') then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status),
      hint = 'Cancel it instead.';
  end if;
  if known.status <> 'refunded' then
    if known.withdrawn_at is null then
      update public.orders o set withdrawn_at = now(), reason = 'Refunded by the shop.' where o.id = known.id;
    end if;
    if not private.owe_refund(known.id) then
      perform private.complete_refund(known);
    end if;
  end if;
  return private.order_as_json(known.id);
end $$;
comment on function private.refund_order(uuid) is 'As public.refund_order. Definer: nobody writes orders.';

create function private.complete_refund(known public.orders) returns void
language plpgsql volatile security definer set search_path = ''
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
comment on function private.complete_refund(public.orders) is
  'The money went back; so do the goods, unless they were shipped. Definer: called under the order''s lock; granted to nobody.';

create function private.mark_paid(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status = 'pending' then
    update private.payment_jobs j set done_at = now(), outcome = 'by hand', parked_at = null
    where j.order_id = known.id and j.kind = 'charge' and j.done_at is null and (not j.is_sent or j.parked_at is not null);
    if not found then
      raise sqlstate 'PT409' using message = 'the order is being charged by the payment provider',
        hint = 'Wait for what comes of it.';
    end if;
    update public.orders o set status = 'paid' where o.id = known.id;
  elsif known.status = 'cancelled' then
    raise sqlstate 'PT409' using message = 'an order that is cancelled cannot become paid';
  end if;
  return private.order_as_json(known.id);
end $$;
comment on function private.mark_paid(uuid) is 'As public.mark_paid. Definer: nobody writes orders.';

create function private.mark_refunded(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('pending', 'cancelled') then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status);
  end if;
  if known.status <> 'refunded' then
    perform private.owe_refund(known.id);
    update private.payment_jobs j set done_at = now(), outcome = 'by hand', parked_at = null
    where j.order_id = known.id and j.kind = 'refund' and j.done_at is null and (not j.is_sent or j.parked_at is not null);
    if not found and exists (select from private.payment_jobs j where j.order_id = known.id and j.kind = 'refund') then
      raise sqlstate 'PT409' using message = 'the order is being refunded by the payment provider',
        hint = 'Wait for what comes of it.';
    end if;
    perform private.complete_refund(known);
  end if;
  return private.order_as_json(known.id);
end $$;
comment on function private.mark_refunded(uuid) is 'As public.mark_refunded. Definer: nobody writes orders.';

-- For people and staff ------------------------------------------------------------------------------------------

create function public.cancel_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.cancel_order(order_id)
$$;
comment on function public.cancel_order(uuid) is
  'Cancels one''s own order, or any for staff; the order as it is then, and the same again when repeated. A pending one is '
  'cancelled and its goods are back on sale. What was paid is refunded, and what is being paid at this moment once that is '
  'known: until then withdrawn_at is set. 409 for what was shipped.';

create function public.ship_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.ship_order(order_id)
$$;
comment on function public.ship_order(uuid) is 'For staff: a paid order leaves the house. 409 when it is not paid, or being refunded.';

create function public.refund_order(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.refund_order(order_id)
$$;
comment on function public.refund_order(uuid) is
  'For staff: the money of a paid or shipped order goes back, by the provider that charged it; at once where it was paid by hand.';

create function public.mark_paid(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.mark_paid(order_id)
$$;
comment on function public.mark_paid(uuid) is
  'For staff: the order was paid in another way than by the provider, or the provider''s records say so. 409 while it is being charged.';

create function public.mark_refunded(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.mark_refunded(order_id)
$$;
comment on function public.mark_refunded(uuid) is
  'For staff: the money went back in another way than by the provider. 409 while the provider refunds it.';

grant execute on function
  private.cancel_order(uuid), private.ship_order(uuid), private.refund_order(uuid), private.mark_paid(uuid),
  private.mark_refunded(uuid), public.cancel_order(uuid), public.ship_order(uuid), public.refund_order(uuid),
  public.mark_paid(uuid), public.mark_refunded(uuid)
  to authenticated, service_role;

-- Closed accounts -----------------------------------------------------------------------------------------------

create function private.cancel_pending_orders() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  pending uuid[];
begin
  select array_agg(l.id) into pending
  from (
    select o.id from public.orders o where o.buyer_id = old.id and o.status = 'pending' order by o.id for no key update) l;
  if pending is not null then
    perform private.withdraw_pending(pending, 'The account was closed.');
  end if;
  update private.payment_jobs j set customer_id = null
  where j.customer_id = old.id and j.done_at is not null
    and j.order_id in (select o.id from public.orders o where o.buyer_id = old.id);
  return old;
end $$;
comment on function private.cancel_pending_orders() is
  'Row trigger on auth.users: what is not paid is cancelled with the account; paid orders are delivered and kept, without '
  'a name. Definer: the Auth service that deletes accounts has no rights on orders.';

create trigger cancel_pending_orders before delete on auth.users
  for each row execute function private.cancel_pending_orders();

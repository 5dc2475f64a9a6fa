-- Purpose: a payment notes purchases, which refer to the buyer's account. It locks the account before the order, as whoever
--   deletes the account does, so that neither waits for the other in a circle.
-- Undo: create settle_payment and mark_paid again as they were; drop function private.lock_buyer(uuid).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.lock_buyer(order_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from auth.users u
  where u.id = (select o.buyer_id from public.orders o where o.id = lock_buyer.order_id)
  for key share;
end $$;
comment on function private.lock_buyer(uuid) is
  'Keeps the account of an order''s buyer from being deleted before the transaction ends; called before the order is locked. '
  'Definer: as settle_payment and mark_paid, which call it; granted to nobody.';

create or replace function private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders;
begin
  perform private.lock_buyer(order_id);
  select o.* into known from public.orders o where o.id = settle_payment.order_id for no key update;
  if settle_payment.kind = 'refund' and not is_accepted then
    -- Money that the provider does not give back is for people to look at.
    update private.payment_jobs j set parked_at = now(), last_error = settle_payment.reason
    where j.order_id = settle_payment.order_id and j.kind = 'refund' and j.done_at is null;
    return found;
  end if;
  update private.payment_jobs j
  set done_at = now(), outcome = case when is_accepted then 'succeeded' else 'declined' end, parked_at = null,
      reference = settle_payment.reference, last_error = settle_payment.reason
  where j.order_id = settle_payment.order_id and j.kind = settle_payment.kind and j.done_at is null;
  if not found then
    return settle_payment.kind = 'charge' and is_accepted and private.settle_late_charge(known.id, settle_payment.reference);
  end if;
  if settle_payment.kind = 'refund' then
    perform private.complete_refund(known);
  elsif not is_accepted then
    update public.orders o set status = 'cancelled', reason = coalesce(pg_catalog.left(settle_payment.reason, 500), 'The payment was declined.')
    where o.id = known.id;
    perform private.return_stock(array[known.id]);
  else
    update public.orders o set status = 'paid' where o.id = known.id and o.status = 'pending';
    if known.withdrawn_at is not null then
      perform private.owe_refund(known.id);
    end if;
  end if;
  return true;
end $$;
create or replace function private.mark_paid(order_id uuid) returns jsonb
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

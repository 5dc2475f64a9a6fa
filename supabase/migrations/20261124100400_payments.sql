-- Purpose: how the worker takes payments out of the outbox and settles them, and what staff see and replay.
-- Undo: drop the functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.claim_payments(max_jobs integer, lease_s double precision)
returns table (
  order_id uuid, kind text, amount numeric, currency text, customer_id uuid, charge_reference text, attempts integer,
  tries integer, was_sent boolean)
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return query
    with due as materialized (
      select j.order_id, j.kind, j.is_sent
      from private.payment_jobs j
      where j.done_at is null and j.parked_at is null and j.available_at <= now()
      order by j.available_at
      limit max_jobs
      for no key update skip locked
    ), taken as (
      update private.payment_jobs j
      set attempts = j.attempts + 1, is_sent = true, available_at = now() + pg_catalog.make_interval(secs => lease_s)
      from due d
      where j.order_id = d.order_id and j.kind = d.kind
      returning j.*, d.is_sent as was_sent
    )
    select t.order_id, t.kind, t.amount, t.currency, t.customer_id, c.reference, t.attempts, t.attempts - t.forgiven, t.was_sent
    from taken t
    left join private.payment_jobs c on t.kind = 'refund' and c.order_id = t.order_id and c.kind = 'charge';
end $$;
comment on function private.claim_payments(integer, double precision) is
  'Takes payments that are due for lease_s seconds, oldest first. From here on the provider may have heard of them. '
  'Definer: the worker reaches the outbox only so.';

create function private.settle_late_charge(order_id uuid, reference text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update private.payment_jobs j set outcome = 'succeeded', reference = settle_late_charge.reference
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge' and j.outcome = 'never sent';
  if found then
    return private.owe_refund(settle_late_charge.order_id);
  end if;
  update private.payment_jobs j
  set reference = settle_late_charge.reference, parked_at = now(),
      last_error = 'The provider charged the buyer as well, after the order was marked as paid by hand.'
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge' and j.outcome = 'by hand' and j.reference is null;
  return found;
end $$;
comment on function private.settle_late_charge(uuid, text) is
  'Money that came although nobody waited for it any more: of a cancelled order it goes back, beside a payment by hand it is '
  'for staff to see; false when it was known. Definer: as settle_payment, which calls it under the order''s lock.';

create function private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders;
begin
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
comment on function private.settle_payment(uuid, text, boolean, text, text) is
  'Notes what the provider said, and what follows for order and stock, in one transaction; false when it was known already. '
  'Definer: the worker writes orders only so.';

create function private.postpone_payment(
  order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean)
returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders;
  job private.payment_jobs;
begin
  select o.* into known from public.orders o where o.id = postpone_payment.order_id for no key update;
  update private.payment_jobs j
  set is_sent = was_sent, last_error = postpone_payment.error,
      forgiven = j.forgiven + case when max_attempts is null then 1 else 0 end,
      available_at = now() + pg_catalog.make_interval(secs => delay_s),
      parked_at = case when j.attempts - j.forgiven >= max_attempts then now() end
  -- Unless somebody else has taken it since.
  where j.order_id = postpone_payment.order_id and j.kind = postpone_payment.kind and j.attempts = attempt
    and j.done_at is null and j.parked_at is null
  returning j.* into job;
  if job.order_id is null then
    return false;
  end if;
  if known.withdrawn_at is not null and known.status = 'pending' and not job.is_sent then
    perform private.withdraw_pending(array[known.id], known.reason);
    return false;
  end if;
  return job.parked_at is not null;
end $$;
comment on function private.postpone_payment(uuid, text, integer, text, double precision, integer, boolean) is
  'Gives a payment back for delay_s seconds, or parks it after max_attempts, null when the attempt does not count; whether '
  'it was parked. was_sent: whether the provider may have heard of it, in this attempt or before. Definer: as settle_payment.';

create function private.payment_queue_status(out waiting bigint, out parked bigint, out oldest_waiting_seconds double precision)
language sql stable security definer set search_path = ''
as $$
  select w.waiting, p.parked, w.oldest
  from (
    select count(*) as waiting, coalesce(extract(epoch from now() - min(j.created_at)), 0) as oldest
    from private.payment_jobs j where j.done_at is null and j.parked_at is null) w
  cross join (select count(*) as parked from private.payment_jobs j where j.parked_at is not null) p
$$;
comment on function private.payment_queue_status() is
  'How far payments are behind. Definer: counts rows of everybody, shows none.';

grant execute on function
  private.claim_payments(integer, double precision),
  private.settle_payment(uuid, text, boolean, text, text),
  private.postpone_payment(uuid, text, integer, text, double precision, integer, boolean)
  to tidegate_worker;
grant execute on function private.payment_queue_status() to tidegate_gateway, tidegate_worker;

-- What staff see and replay -------------------------------------------------------------------------------------

create function private.stuck_payments()
returns table (
  order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, parked_at timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  return query
    select j.order_id, j.kind, j.amount, j.currency, j.attempts, j.last_error, j.parked_at
    from private.payment_jobs j where j.parked_at is not null order by j.parked_at;
end $$;
comment on function private.stuck_payments() is 'As public.stuck_payments. Definer: the outbox is nobody''s to read.';

create function private.replay_payment(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  update private.payment_jobs j set parked_at = null, forgiven = j.attempts, available_at = now()
  where j.order_id = known.id and j.parked_at is not null;
  return private.order_as_json(known.id);
end $$;
comment on function private.replay_payment(uuid) is 'As public.replay_payment. Definer: the outbox is nobody''s to write.';

create function public.stuck_payments()
returns table (
  order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, parked_at timestamptz)
language sql stable security invoker set search_path = ''
as $$
  select * from private.stuck_payments()
$$;
comment on function public.stuck_payments() is 'For staff: charges and refunds that were given up, and why.';

create function public.replay_payment(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = ''
as $$
  select private.replay_payment(order_id)
$$;
comment on function public.replay_payment(uuid) is
  'For staff: tries again what was given up of an order''s payment, by the same key, so that nothing is charged twice.';

grant execute on function private.stuck_payments(), private.replay_payment(uuid), public.stuck_payments(), public.replay_payment(uuid)
  to authenticated, service_role;

-- The worker's side of the payment outbox.
--
-- The worker claims due jobs, tells the provider, and settles the outcome: one transaction changes the job, the order
-- and the stock. A failure gives the job back for later; after too many it gets failed_at, and staff retry it. What
-- arrives late, after the order was cancelled or paid by hand, is recorded and refunded or shown to staff. What the
-- provider has not decided is held. What it tells by itself is settled in the same way (see payment_events).
--
-- Text of the provider is kept on one line.

create function private.claim_payments(max_jobs integer, lease_s double precision)
returns table (
  order_id uuid, kind text, amount numeric, currency text, customer_id uuid, charge_reference text, attempts integer,
  tries integer, was_sent boolean, traceparent text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with due as materialized (
      select j.order_id, j.kind, j.is_sent
      from private.payment_jobs j
      where j.done_at is null and j.failed_at is null and j.undecided is null and j.available_at <= now()
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
    select t.order_id, t.kind, t.amount, t.currency, t.customer_id, c.reference, t.attempts, t.attempts - t.forgiven,
           t.was_sent, t.traceparent
    from taken t
    left join private.payment_jobs c on t.kind = 'refund' and c.order_id = t.order_id and c.kind = 'charge';
end $$;
comment on function private.claim_payments is
  'Claims due payments for lease_s seconds, oldest first. From here on the provider may have heard of them. Definer: '
  'the worker has no rights on the outbox.';
grant execute on function private.claim_payments to tidegate_worker;

create function private.settle_late_charge(order_id uuid, reference text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update private.payment_jobs j
  set outcome = 'succeeded', reference = coalesce(settle_late_charge.reference, j.reference)
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge'
    and j.outcome in ('never sent', 'declined', 'not confirmed', 'never made');
  if found then
    perform private.owe_refund(settle_late_charge.order_id);
    perform private.settle_waiting_events(settle_late_charge.order_id);
    return true;
  end if;
  update private.payment_jobs j
  set reference = settle_late_charge.reference, failed_at = now(),
      last_error = 'The provider charged the buyer as well, after the order was marked as paid by hand.'
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge' and j.outcome = 'by hand'
    and j.reference is null;
  return found;
end $$;
comment on function private.settle_late_charge is
  'Settles a charge for which nobody waited any more: refunds it when the order was cancelled, shows it to staff when '
  'the order was also paid by hand. False when it was known. Definer: called by settle_payment.';

create function private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders;
begin
  reference := private.plain_text(reference, 255);
  reason := private.plain_text(reason, 500);
  perform private.lock_buyer(order_id);
  select o.* into known from public.orders o where o.id = settle_payment.order_id for no key update;
  if settle_payment.kind = 'refund' and not is_accepted then
    -- Staff have to look at money that the provider does not give back.
    update private.payment_jobs j set failed_at = now(), last_error = settle_payment.reason
    where j.order_id = settle_payment.order_id and j.kind = 'refund' and j.done_at is null;
    return found;
  end if;
  update private.payment_jobs j
  set done_at = now(), outcome = case when is_accepted then 'succeeded' else 'declined' end, failed_at = null,
      reference = coalesce(settle_payment.reference, j.reference), last_error = settle_payment.reason
  where j.order_id = settle_payment.order_id and j.kind = settle_payment.kind and j.done_at is null;
  if not found then
    return settle_payment.kind = 'charge' and is_accepted
      and private.settle_late_charge(known.id, settle_payment.reference);
  end if;
  if settle_payment.kind = 'refund' then
    perform private.complete_refund(known);
  elsif not is_accepted then
    update public.orders o
    set status = 'cancelled', reason = coalesce(settle_payment.reason, 'The payment was declined.')
    where o.id = known.id;
    perform private.return_stock(array[known.id]);
  else
    update public.orders o set status = 'paid' where o.id = known.id and o.status = 'pending';
    if known.withdrawn_at is not null then
      perform private.owe_refund(known.id);
    end if;
    perform private.settle_waiting_events(known.id);
  end if;
  return true;
end $$;
comment on function private.settle_payment is
  'Records the provider''s answer, and its consequences for order and stock, in one transaction; false when it was '
  'known already. Called by the worker, and for events of the provider. Definer: the worker has no rights on orders.';
grant execute on function private.settle_payment to tidegate_worker;

create function private.hold_payment(
  order_id uuid, kind text, waits_for text, reference text, url text, client_secret text, decide_by timestamptz)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders;
begin
  perform private.lock_buyer(order_id);
  select o.* into known from public.orders o where o.id = hold_payment.order_id for no key update;
  update private.payment_jobs j
  set undecided = waits_for, is_sent = true,
      reference = coalesce(private.plain_text(hold_payment.reference, 255), j.reference),
      action = case waits_for when 'needs action' then jsonb_strip_nulls(jsonb_build_object(
        'url', case when char_length(hold_payment.url) <= 2000
          then substring(hold_payment.url from '^https?://[^[:cntrl:]\s]+$') end,
        'client_secret', private.plain_text(hold_payment.client_secret, 500))) end,
      decide_by = case
        when j.undecided = waits_for then j.decide_by
        when waits_for = 'needs action'
          then coalesce(least(hold_payment.decide_by, now() + private.unpaid_order_interval()), 'infinity')
        else now() + private.undecided_payment_interval() end
  where j.order_id = hold_payment.order_id and j.kind = hold_payment.kind and j.done_at is null
    -- Events come in any order. What staff have to look at stays, and once the buyer has acted, that is not undone.
    and j.failed_at is null
    and not (waits_for = 'needs action' and coalesce(j.undecided, '') = 'pending');
  if not found then
    return false;
  end if;
  if hold_payment.kind = 'charge' and waits_for = 'needs action' and known.withdrawn_at is not null then
    perform private.withdraw_pending(array[known.id], known.reason);
  elsif hold_payment.kind = 'charge' then
    update public.orders o set updated_at = now() where o.id = known.id;
  end if;
  return true;
end $$;
comment on function private.hold_payment is
  'Records that the provider has not decided: waits_for is pending, or needs action, of the buyer, who finds url and '
  'client_secret in public.payment_action. False when it was decided or given up. An order that was withdrawn '
  'meanwhile is cancelled instead of confirmed. Touches the order, so that its buyer hears of it. Definer: as '
  'settle_payment.';
grant execute on function private.hold_payment to tidegate_worker;

create function private.payment_action(order_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select j.action || jsonb_build_object('expires_at', nullif(j.decide_by, 'infinity'))
  from private.payment_jobs j join public.orders o on o.id = j.order_id
  where j.order_id = payment_action.order_id and j.kind = 'charge' and j.undecided = 'needs action'
    and o.buyer_id = (select auth.uid())
$$;
comment on function private.payment_action is
  'See public.payment_action. The buyer''s alone, not for staff. Definer: reads the outbox.';

create function public.payment_action(public.orders) returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.require_open_account();
  return private.payment_action($1.id);
end $$;
comment on function public.payment_action is
  'Computed column (select=*,payment_action), for the buyer: {url, client_secret, expires_at} while the payment needs '
  'their confirmation; otherwise null. After expires_at the order is cancelled.';
grant execute on function private.payment_action, public.payment_action to authenticated, service_role;

create function private.postpone_payment(
  order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer,
  was_sent boolean)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders;
  job private.payment_jobs;
begin
  select o.* into known from public.orders o where o.id = postpone_payment.order_id for no key update;
  update private.payment_jobs j
  set is_sent = was_sent, last_error = private.plain_text(postpone_payment.error, 1000),
      forgiven = j.forgiven + case when max_attempts is null then 1 else 0 end,
      available_at = now() + pg_catalog.make_interval(secs => delay_s),
      failed_at = case when j.attempts - j.forgiven >= max_attempts then now() end
  -- Unless another worker has claimed it since.
  where j.order_id = postpone_payment.order_id and j.kind = postpone_payment.kind and j.attempts = attempt
    and j.done_at is null and j.failed_at is null and j.undecided is null
  returning j.* into job;
  if job.order_id is null then
    return false;
  end if;
  if known.withdrawn_at is not null and known.status = 'pending' and not job.is_sent then
    perform private.withdraw_pending(array[known.id], known.reason);
    return false;
  end if;
  return job.failed_at is not null;
end $$;
comment on function private.postpone_payment is
  'Gives a payment back for delay_s seconds, or marks it as failed after max_attempts (null: the attempt does not '
  'count); returns whether it failed. was_sent: whether the provider may have heard of it, in this attempt or before. '
  'Definer: as settle_payment.';
grant execute on function private.postpone_payment to tidegate_worker;

create function private.payment_queue_status(
  out waiting bigint, out failed bigint, out oldest_waiting_seconds double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select w.waiting, p.failed, w.oldest
  from (
    select count(*) as waiting, coalesce(extract(epoch from now() - min(j.created_at)), 0) as oldest
    from private.payment_jobs j where j.done_at is null and j.failed_at is null and j.undecided is null) w
  cross join (select count(*) as failed from private.payment_jobs j where j.failed_at is not null) p
$$;
comment on function private.payment_queue_status is 'How far payments are behind. Definer: counts everybody''s rows.';
grant execute on function private.payment_queue_status to tidegate_gateway, tidegate_worker;

create function private.failed_payments()
returns table (
  order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, failed_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  return query
    select j.order_id, j.kind, j.amount, j.currency, j.attempts, j.last_error, j.failed_at
    from private.payment_jobs j where j.failed_at is not null order by j.failed_at;
end $$;
comment on function private.failed_payments is 'See public.failed_payments. Definer: reads the outbox.';

create function private.payment_state(job private.payment_jobs) returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
  select case
    when job.failed_at is not null then case when job.outcome is null then 'failed' else 'charged as well' end
    else coalesce(job.outcome, job.undecided, case when job.is_sent then 'sent' else 'waiting' end) end
$$;
comment on function private.payment_state is 'Where a charge or refund stands, in a word: see docs/orders.md.';

create function private.payments_of_order(order_id uuid)
returns table (
  kind text, amount numeric, currency text, state text, reference text, last_error text, settled_by uuid,
  settled_reason text, done_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  return query
    select j.kind, j.amount, j.currency, private.payment_state(j), j.reference, j.last_error, j.settled_by,
           j.settled_reason, j.done_at
    from private.payment_jobs j where j.order_id = payments_of_order.order_id order by j.kind;
end $$;
comment on function private.payments_of_order is 'See public.payments_of_order. Definer: reads the outbox.';

create function private.retry_payment(order_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  update private.payment_jobs j set failed_at = null, forgiven = j.attempts, available_at = now()
  where j.order_id = known.id and j.failed_at is not null;
  return private.order_json_by_id(known.id);
end $$;
comment on function private.retry_payment is 'See public.retry_payment. Definer: writes the outbox.';

create function public.failed_payments()
returns table (
  order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, failed_at timestamptz)
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select * from private.failed_payments() $$;
comment on function public.failed_payments is 'For staff: charges and refunds that were given up, and why.';

create function public.payments_of_order(order_id uuid)
returns table (
  kind text, amount numeric, currency text, state text, reference text, last_error text, settled_by uuid,
  settled_reason text, done_at timestamptz)
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select * from private.payments_of_order(order_id) $$;
comment on function public.payments_of_order is
  'For staff: where the charge and the refund of an order stand, and who settled them by hand and why.';

create function public.retry_payment(order_id uuid) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.retry_payment(order_id) $$;
comment on function public.retry_payment is
  'For staff: retries the failed payments of an order, with the same idempotency keys.';

grant execute on function
  private.failed_payments, private.payments_of_order, private.retry_payment,
  public.failed_payments, public.payments_of_order, public.retry_payment
  to authenticated, service_role;

-- What the payment provider tells by itself: the inbox of its webhook.
--
-- The Edge Function payment-webhook checks the signature and calls public.receive_payment_event with the secret key.
-- One transaction keeps the event and settles it. An event is known by its id, so that it may come twice, and events of
-- one order may come in any order: a refund whose charge is not known yet waits for it. What cannot be settled (an
-- unknown type or order, another amount, a dispute) is kept for staff. Of a settled event the body is not kept.

create table private.payment_events (
  id text primary key check (char_length(id) between 1 and 255),
  type text not null check (char_length(type) between 1 and 100),
  order_id uuid references public.orders (id) on delete set null,
  body jsonb,
  outcome text not null default 'waiting' check (outcome in ('waiting', 'settled', 'known', 'review', 'reviewed')),
  note text,
  received_at timestamptz not null default now(),
  decided_at timestamptz
);
create index payment_events_order_id_idx on private.payment_events (order_id);
create index payment_events_open_idx on private.payment_events (received_at) where outcome in ('waiting', 'review');
alter table private.payment_events enable row level security, force row level security;

comment on table private.payment_events is 'Events that the payment provider sent, each once.';
comment on column private.payment_events.id is 'The provider''s id of the event.';
comment on column private.payment_events.type is 'What happened, in the provider''s word: charge.succeeded, ….';
comment on column private.payment_events.order_id is 'The order, where it is one of ours.';
comment on column private.payment_events.body is 'The event, until it is settled.';
comment on column private.payment_events.outcome is
  'waiting: for the charge of its order. settled: it changed something. known: nothing new. review: staff have to '
  'look. reviewed: they have.';
comment on column private.payment_events.note is 'Why staff have to look.';
comment on column private.payment_events.received_at is 'When it came first.';
comment on column private.payment_events.decided_at is 'When its outcome was decided.';

create policy "functions alone use it" on private.payment_events for all to anon, authenticated using (false);

create function private.payment_event_objection(event private.payment_events) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  amount constant text := event.body #>> '{data,amount}';
  currency constant text := event.body #>> '{data,currency}';
  charge private.payment_jobs;
begin
  if event.type not in (
    'charge.succeeded', 'charge.declined', 'charge.pending', 'charge.requires_action',
    'refund.succeeded', 'refund.declined', 'refund.pending')
  then
    return case when event.type like 'dispute.%' then 'A dispute: answer it at the provider.'
      else 'What it says is not known here.' end;
  end if;
  select j.* into charge from private.payment_jobs j where j.order_id = event.order_id and j.kind = 'charge';
  if charge.order_id is null then
    return 'It names no order for which money was to be charged.';
  end if;
  if currency <> charge.currency
    or (case when amount ~ '^\d{1,12}(\.\d{1,6})?$' then amount::numeric <> charge.amount else amount is not null end)
  then
    return format('It is about %s, not about %s %s.', private.plain_text(concat_ws(' ', amount, currency), 60),
                  charge.amount, charge.currency);
  end if;
  if event.type like 'refund.%' and charge.outcome = 'by hand' and not exists (
    select from private.payment_jobs j where j.order_id = event.order_id and j.kind = 'refund')
  then
    return 'It gives back what was marked as paid by hand: mark it as refunded, where that is what went back.';
  end if;
  if event.type = 'refund.succeeded' and amount is null and not exists (
    select from private.payment_jobs j where j.order_id = event.order_id and j.kind = 'refund')
  then
    return 'It gives money back that nobody here asked for, and does not say how much.';
  end if;
  return null;
end $$;
comment on function private.payment_event_objection is
  'Why an event cannot be settled without staff; null for one that can. An amount or a currency that is not given is '
  'not compared. Definer: reads the outbox; granted to nobody.';

create function private.apply_payment_event(event private.payment_events) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  about constant text := split_part(event.type, '.', 1);
  says constant text := split_part(event.type, '.', 2);
  is_accepted constant boolean := says = 'succeeded';
begin
  if says in ('pending', 'requires_action') then
    return case when private.hold_payment(
      event.order_id, about, case says when 'pending' then says else 'needs action' end, event.body #>> '{data,id}',
      event.body #>> '{data,url}', event.body #>> '{data,client_secret}', null) then 'settled' else 'known' end;
  end if;
  if about = 'refund' and not exists (
    select from private.payment_jobs j
    where j.order_id = event.order_id and j.kind = 'charge' and j.outcome = 'succeeded')
  then
    return 'waiting';
  end if;
  if about = 'refund' and is_accepted then
    -- The shop may have refunded it at the provider itself.
    update public.orders o
    set withdrawn_at = coalesce(o.withdrawn_at, now()), reason = coalesce(o.reason, 'Refunded by the shop.')
    where o.id = event.order_id and o.status in ('paid', 'shipped');
    perform private.owe_refund(event.order_id);
  end if;
  return case when private.settle_payment(
    event.order_id, about, is_accepted, event.body #>> '{data,id}', event.body #>> '{data,reason}')
    then 'settled' else 'known' end;
end $$;
comment on function private.apply_payment_event is
  'Settles an event under the lock of its order; returns its outcome. Definer: writes orders; granted to nobody.';

create function private.decide_payment_event(event_id text) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  event private.payment_events;
  objection text;
  decided text := 'review';
begin
  select e.* into event from private.payment_events e where e.id = decide_payment_event.event_id for no key update;
  perform private.lock_buyer(event.order_id);
  perform from public.orders o where o.id = event.order_id for no key update;
  objection := private.payment_event_objection(event);
  if objection is null then
    decided := private.apply_payment_event(event);
  end if;
  update private.payment_events e
  set outcome = decided, note = objection, decided_at = case when decided <> 'waiting' then now() end,
      body = case when decided in ('waiting', 'review') then e.body end
  where e.id = event.id;
  return decided;
end $$;
comment on function private.decide_payment_event is
  'Settles an event, has it wait, or leaves it to staff. Definer: writes the inbox; granted to nobody.';

create function private.settle_waiting_events(order_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  waiting text;
begin
  for waiting in
    select e.id from private.payment_events e
    where e.order_id = settle_waiting_events.order_id and e.outcome = 'waiting' order by e.received_at, e.id
  loop
    perform private.decide_payment_event(waiting);
  end loop;
end $$;
comment on function private.settle_waiting_events is
  'Settles the events that came before the charge of their order was known. Definer: called by settle_payment under '
  'the order''s lock.';

create function private.receive_payment_event(event jsonb) returns text
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  event_id constant text := event ->> 'id';
begin
  if coalesce(char_length(event_id), 0) not between 1 and 255
    or coalesce(char_length(event ->> 'type'), 0) not between 1 and 100
  then
    raise sqlstate 'PT422' using message = 'The event has no id of 1 to 255 characters, or no type of 1 to 100.';
  end if;
  insert into private.payment_events (id, type, order_id, body)
  values (event_id, event ->> 'type',
          (select o.id from public.orders o where o.id::text = lower(event #>> '{data,order_id}')), event)
  on conflict (id) do nothing;
  return case when found then private.decide_payment_event(event_id) else 'known' end;
end $$;
comment on function private.receive_payment_event is 'See public.receive_payment_event. Definer: writes the inbox.';

create function public.receive_payment_event(event jsonb) returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select jsonb_build_object('outcome', private.receive_payment_event(event)) $$;
comment on function public.receive_payment_event is
  'For the Edge Function payment-webhook: keeps and settles an event of the payment provider, whose signature it has '
  'checked. {id, type, data: {order_id, id, amount, currency, reason}}. Returns {outcome}: settled, known, waiting or '
  'review.';
grant execute on function private.receive_payment_event, public.receive_payment_event to service_role;

create function private.payment_events_to_review()
returns table (id text, type text, order_id uuid, outcome text, note text, body jsonb, received_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  return query
    select e.id, e.type, e.order_id, e.outcome, e.note, e.body, e.received_at
    from private.payment_events e where e.outcome in ('waiting', 'review') order by e.received_at, e.id;
end $$;
comment on function private.payment_events_to_review is
  'See public.payment_events_to_review. Definer: reads the inbox.';

create function private.close_payment_event(event_id text) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  update private.payment_events e set outcome = 'reviewed', body = null, decided_at = now()
  where e.id = close_payment_event.event_id and e.outcome in ('waiting', 'review');
end $$;
comment on function private.close_payment_event is 'See public.close_payment_event. Definer: writes the inbox.';

create function public.payment_events_to_review()
returns table (id text, type text, order_id uuid, outcome text, note text, body jsonb, received_at timestamptz)
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select * from private.payment_events_to_review() $$;
comment on function public.payment_events_to_review is
  'For staff: events of the payment provider that wait for a charge, or that they have to look at, and why.';

create function public.close_payment_event(event_id text) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.close_payment_event(event_id) $$;
comment on function public.close_payment_event is 'For staff: they have seen to this event.';

grant execute on function
  private.payment_events_to_review, private.close_payment_event,
  public.payment_events_to_review, public.close_payment_event
  to authenticated, service_role;

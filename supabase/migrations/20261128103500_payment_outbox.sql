-- The payment outbox.
--
-- What the payment provider is to be told is written in the transaction that causes it, at most one charge and one
-- refund an order, and the worker tells the provider (see payments). The name of a job is its idempotency key, so
-- telling it twice charges once. Without a provider, staff settle charges by hand with mark_paid.
--
-- A provider may answer that it has not decided: a bank transfer is under way, or the buyer has to confirm. The job
-- waits then for an event of the provider, no longer than until decide_by.

create table private.payment_jobs (
  order_id uuid references public.orders (id) on delete cascade,
  kind text check (kind in ('charge', 'refund')),
  amount numeric not null check (amount > 0 and amount < 1000000000000),
  currency text not null,
  customer_id uuid,
  is_sent boolean not null default false,
  attempts integer not null default 0,
  forgiven integer not null default 0,
  available_at timestamptz not null default now(),
  done_at timestamptz,
  outcome text check (
    outcome in ('succeeded', 'declined', 'by hand', 'never sent', 'not confirmed', 'never made')),
  undecided text check (undecided in ('pending', 'needs action')),
  action jsonb,
  decide_by timestamptz,
  reference text,
  last_error text,
  failed_at timestamptz,
  settled_by uuid,
  settled_reason text check (char_length(settled_reason) between 1 and 500),
  traceparent text default private.current_traceparent(),
  created_at timestamptz not null default now(),
  primary key (order_id, kind),
  constraint payment_jobs_done_check check ((done_at is null) = (outcome is null)),
  constraint payment_jobs_waiting_check check (
    case when undecided is null then num_nonnulls(action, decide_by) = 0
      else num_nonnulls(done_at, failed_at) = 0 and decide_by is not null end)
);
create index payment_jobs_due_idx on private.payment_jobs (available_at)
  where done_at is null and failed_at is null and undecided is null;
create index payment_jobs_undecided_idx on private.payment_jobs (undecided, decide_by) where undecided is not null;
create index payment_jobs_settled_by_idx on private.payment_jobs (settled_by) where settled_by is not null;
create index payment_jobs_failed_idx on private.payment_jobs (failed_at) where failed_at is not null;
alter table private.payment_jobs enable row level security, force row level security;

comment on table private.payment_jobs is
  'Charges and refunds that the payment provider is to make, at most one of each per order.';
comment on column private.payment_jobs.order_id is 'The order.';
comment on column private.payment_jobs.kind is 'charge: the buyer pays; refund: the money goes back.';
comment on column private.payment_jobs.amount is 'Amount, with the decimals of its currency: 4500 JPY, 1.250 KWD.';
comment on column private.payment_jobs.currency is 'ISO 4217 code.';
comment on column private.payment_jobs.customer_id is
  'Buyer, as the provider is told; the same in every attempt. Null once the account is closed and the job done.';
comment on column private.payment_jobs.is_sent is
  'Whether the provider may have heard of it. A job that was never sent can be dropped.';
comment on column private.payment_jobs.attempts is
  'Claims; counted when claimed, so that a job that kills the worker counts too. It only grows, and a worker gives a '
  'job back under the number it claimed, so that it cannot give back what another one has claimed since.';
comment on column private.payment_jobs.forgiven is
  'Attempts that do not count: those that the circuit breaker refused, and those before staff retried.';
comment on column private.payment_jobs.available_at is
  'When it may be claimed; in the future while a worker holds it or after a failure.';
comment on column private.payment_jobs.done_at is 'When its outcome was known.';
comment on column private.payment_jobs.outcome is
  'succeeded, declined: said by the provider. by hand, never made: said by staff. never sent: the provider never heard '
  'of it. not confirmed: the buyer had to act, and did not. A charge that arrives after all turns into succeeded.';
comment on column private.payment_jobs.undecided is
  'What the provider answered while it has not decided: pending, or needs action, of the buyer.';
comment on column private.payment_jobs.action is 'What the buyer needs to act: {url, client_secret}.';
comment on column private.payment_jobs.decide_by is
  'Until when that is waited for. Then an order whose buyer did not act is cancelled, and what is pending is left to '
  'staff.';
comment on column private.payment_jobs.reference is
  'The provider''s reference. Of a charge that was settled by hand: of what the provider charged as well.';
comment on column private.payment_jobs.last_error is 'Why the last attempt failed, or why it was declined.';
comment on column private.payment_jobs.failed_at is 'When it was given up, until staff retry it.';
comment on column private.payment_jobs.settled_by is
  'Who of the staff settled it by hand. Null once their account is closed (see large_removals).';
comment on column private.payment_jobs.settled_reason is 'Why, in their words.';
comment on column private.payment_jobs.traceparent is
  'As in embedding_jobs: of the request that caused it; of a refund that no request caused, that of the charge. Null '
  'once the account is closed and the job done.';
comment on column private.payment_jobs.created_at is 'When it became due.';

create policy "functions alone use it" on private.payment_jobs for all to anon, authenticated using (false);

create function private.plain_text(said text, longest integer) returns text
language sql immutable security invoker set search_path = pg_catalog, pg_temp
as $$ select nullif(btrim(left(regexp_replace(said, '[[:cntrl:]\s]+', ' ', 'g'), longest)), '') $$;
comment on function private.plain_text is
  'Text from outside as it may be kept and logged: on one line, and not too long.';

create function private.end_waiting() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  new.undecided := null;
  new.action := null;
  new.decide_by := null;
  return new;
end $$;
comment on function private.end_waiting is
  'Row trigger: what is decided or given up waits for nothing, and the buyer''s means to act are forgotten.';

create trigger end_waiting before update on private.payment_jobs
  for each row when (new.undecided is not null and num_nonnulls(new.done_at, new.failed_at) > 0)
  execute function private.end_waiting();

create function private.clear_customer() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from public.orders o where o.id = new.order_id and o.buyer_id is null) then
    new.customer_id := null;
    new.traceparent := null;
  end if;
  return new;
end $$;
comment on function private.clear_customer is
  'Row trigger: a finished payment of a closed account no longer says whose it was. Definer: as owe_refund.';

create trigger clear_customer before update on private.payment_jobs
  for each row when (old.done_at is null and new.done_at is not null) execute function private.clear_customer();

create function private.owe_refund(order_id uuid) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  charge private.payment_jobs;
begin
  select j.* into charge from private.payment_jobs j
  where j.order_id = owe_refund.order_id and j.kind = 'charge' and j.outcome = 'succeeded';
  if charge.order_id is null then
    return false;
  end if;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id, traceparent)
  values (charge.order_id, 'refund', charge.amount, charge.currency, charge.customer_id,
          coalesce(private.current_traceparent(), charge.traceparent))
  on conflict do nothing;
  return true;
end $$;
comment on function private.owe_refund is
  'Queues the refund of what the provider charged for an order, once; false when it charged nothing. Definer: writes '
  'the outbox; called under the order''s lock, granted to nobody.';

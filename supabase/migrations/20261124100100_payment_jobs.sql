-- Purpose: the outbox of payments: what is to be charged or paid back, written in the transaction that makes it so.
-- Undo: drop table private.payment_jobs; drop the functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.payment_jobs (
  order_id uuid references public.orders (id) on delete cascade,
  kind text check (kind in ('charge', 'refund')),
  amount numeric(14, 2) not null check (amount > 0),
  currency text not null,
  customer_id uuid,
  is_sent boolean not null default false,
  attempts integer not null default 0,
  forgiven integer not null default 0,
  available_at timestamptz not null default now(),
  done_at timestamptz,
  outcome text check (outcome in ('succeeded', 'declined', 'by hand', 'never sent')),
  reference text,
  last_error text,
  parked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (order_id, kind),
  constraint payment_jobs_done_check check ((done_at is null) = (outcome is null))
);
create index payment_jobs_due_idx on private.payment_jobs (available_at) where done_at is null and parked_at is null;
create index payment_jobs_parked_idx on private.payment_jobs (parked_at) where parked_at is not null;
alter table private.payment_jobs enable row level security;
alter table private.payment_jobs force row level security;
create policy "functions alone use it" on private.payment_jobs for all to anon, authenticated using (false);

comment on table private.payment_jobs is
  'What the payment provider is to be told, one charge and one refund an order at most: their names are the idempotency '
  'keys, so that telling it twice charges once. Without a provider, staff settle charges by hand.';
comment on column private.payment_jobs.order_id is 'The order.';
comment on column private.payment_jobs.kind is 'charge: the buyer pays; refund: the money goes back.';
comment on column private.payment_jobs.amount is 'How much.';
comment on column private.payment_jobs.currency is 'ISO 4217 code.';
comment on column private.payment_jobs.customer_id is
  'The buyer, as the provider was or will be told: the same in every attempt. Null once the account is closed and the job done.';
comment on column private.payment_jobs.is_sent is 'Whether the provider may have heard of it: what was never sent can be dropped.';
comment on column private.payment_jobs.attempts is
  'Times taken; counted when taken, so that what kills the worker counts too. It only grows: whoever took it shows this '
  'number to give it back, and is too late once somebody else has taken it.';
comment on column private.payment_jobs.forgiven is
  'Of these, how many do not count against it: the breaker refused them, or staff had it tried again.';
comment on column private.payment_jobs.available_at is 'When it may be taken; in the future while somebody works on it or it waits.';
comment on column private.payment_jobs.done_at is 'When its outcome was known.';
comment on column private.payment_jobs.outcome is 'What became of it.';
comment on column private.payment_jobs.reference is 'What the provider calls it.';
comment on column private.payment_jobs.last_error is 'Why the last attempt failed, or why it was declined.';
comment on column private.payment_jobs.parked_at is 'When it was given up, to be looked at and replayed by staff.';
comment on column private.payment_jobs.created_at is 'When it became due.';

create function private.forget_customer() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if exists (select from public.orders o where o.id = new.order_id and o.buyer_id is null) then
    new.customer_id := null;
  end if;
  return new;
end $$;
comment on function private.forget_customer() is
  'Row trigger: a payment that is done no longer says whose it was when the account is closed. Definer: as owe_refund.';
create trigger forget_customer before update on private.payment_jobs
  for each row when (old.done_at is null and new.done_at is not null) execute function private.forget_customer();

create function private.owe_refund(order_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  charge private.payment_jobs;
begin
  select j.* into charge from private.payment_jobs j
  where j.order_id = owe_refund.order_id and j.kind = 'charge' and j.outcome = 'succeeded';
  if charge.order_id is null then
    return false;
  end if;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id)
  values (charge.order_id, 'refund', charge.amount, charge.currency, charge.customer_id)
  on conflict do nothing;
  return true;
end $$;
comment on function private.owe_refund(uuid) is
  'Notes that what the provider charged for an order goes back, once; false when the provider charged nothing. Definer: '
  'the outbox is nobody''s to write; called under the order''s lock, granted to nobody.';

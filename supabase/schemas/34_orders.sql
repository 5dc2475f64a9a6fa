-- Orders and their lines.
--
-- Orders are written by functions only. Triggers hold every role to the order of states (pending → paid → shipped, and
-- the ways to cancelled and refunded) and forbid changes to what was ordered and at what price. The books outlive
-- accounts and products: a closed account or deleted product leaves null behind.
--
-- private.order_requests stores the answer of each request by the buyer's idempotency key, so that a repeated request
-- returns the same order.

create table public.orders (
  id uuid primary key default gen_random_uuid(),
  buyer_id uuid references auth.users (id) on delete set null,
  status text not null default 'pending' check (status in ('pending', 'paid', 'shipped', 'cancelled', 'refunded')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  total numeric not null check (total > 0 and total < 1000000000000),
  reason text check (char_length(reason) <= 500),
  withdrawn_at timestamptz,
  paid_at timestamptz,
  shipped_at timestamptz,
  cancelled_at timestamptz,
  refunded_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index orders_buyer_id_idx on public.orders (buyer_id, created_at);
create index orders_status_idx on public.orders (status, created_at) where status in ('pending', 'paid');
create index orders_pending_buyer_id_idx on public.orders (buyer_id) where status = 'pending';
alter table public.orders enable row level security, force row level security;

comment on table public.orders is 'Orders. Written by functions only.';
comment on column public.orders.id is 'The order.';
comment on column public.orders.buyer_id is 'Buyer; null once the account is closed.';
comment on column public.orders.status is
  'pending, then paid or cancelled; paid, then shipped or refunded; shipped, then refunded perhaps.';
comment on column public.orders.currency is 'ISO 4217 code of the total and of every line.';
comment on column public.orders.total is 'Sum of its lines, exact, with the decimals of its currency.';
comment on column public.orders.reason is 'Why it was cancelled or refunded, in words for the buyer.';
comment on column public.orders.withdrawn_at is
  'When the buyer or the shop withdrew it. Money that was paid, or is being paid at that moment, goes back.';
comment on column public.orders.paid_at is 'When it was paid.';
comment on column public.orders.shipped_at is 'When it was shipped. Its goods do not return to the stock after that.';
comment on column public.orders.cancelled_at is 'When it was cancelled.';
comment on column public.orders.refunded_at is 'When the money had gone back.';
comment on column public.orders.created_at is 'When it was placed.';
comment on column public.orders.updated_at is 'Last change.';

grant select (
  id, buyer_id, status, currency, total, reason, withdrawn_at, paid_at, shipped_at, cancelled_at, refunded_at,
  created_at, updated_at)
  on public.orders to authenticated;
grant select on public.orders to service_role;

-- A range, as in the policy of profiles.
create policy "buyers read their own orders, staff read all" on public.orders
  for select to authenticated
  using (
    (buyer_id >= (
       select case when private.is_staff() then '00000000-0000-0000-0000-000000000000' else (select auth.uid()) end)
     and buyer_id <= (
       select case when private.is_staff() then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else (select auth.uid()) end))
    or (buyer_id is null and (select private.is_staff())));
select private.refuse_closed_accounts('public.orders');

create trigger touch_updated_at before update on public.orders
  for each row execute function private.touch_updated_at();

create table public.order_items (
  order_id uuid references public.orders (id) on delete cascade,
  position smallint check (position > 0),
  product_id uuid references public.products (id) on delete set null,
  sku text not null,
  name text not null,
  unit_price numeric not null check (unit_price > 0 and unit_price < 10000000000),
  quantity integer not null check (quantity > 0),
  primary key (order_id, position)
);
create index order_items_product_id_idx on public.order_items (product_id);
alter table public.order_items enable row level security, force row level security;

comment on table public.order_items is 'Lines of orders, one per product, as it was when the order was placed.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.position is 'Position of the line, from 1.';
comment on column public.order_items.product_id is 'Product; null once it was deleted.';
comment on column public.order_items.sku is 'SKU at that time.';
comment on column public.order_items.name is 'Name at that time.';
comment on column public.order_items.unit_price is 'Price at that time, with the decimals of the currency.';
comment on column public.order_items.quantity is 'Units.';

grant select (order_id, position, product_id, sku, name, unit_price, quantity) on public.order_items to authenticated;
grant select on public.order_items to service_role;

create policy "people read the lines of the orders they read" on public.order_items
  for select to authenticated
  using (exists (select from public.orders o where o.id = order_items.order_id));
select private.refuse_closed_accounts('public.order_items');

create table private.order_requests (
  buyer_id uuid references auth.users (id) on delete cascade,
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash bytea not null,
  response jsonb not null,
  order_id uuid not null unique references public.orders (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (buyer_id, idempotency_key)
);
alter table private.order_requests enable row level security, force row level security;

comment on table private.order_requests is
  'Answers to requests that made an order. Kept as long as the account and the order.';
comment on column private.order_requests.buyer_id is 'Owner of the key.';
comment on column private.order_requests.idempotency_key is 'The key, 1 to 255 characters.';
comment on column private.order_requests.request_hash is 'SHA-256 of products and quantities, sorted and summed up.';
comment on column private.order_requests.response is 'The answer, to be returned again.';
comment on column private.order_requests.order_id is 'The order.';
comment on column private.order_requests.created_at is 'When it was made.';

create policy "functions alone use it" on private.order_requests for all to anon, authenticated using (false);

create function private.answer_to_key(buyer uuid, idempotency_key text, request_hash bytea) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  known private.order_requests;
begin
  select r.* into known from private.order_requests r
  where r.buyer_id = buyer and r.idempotency_key = answer_to_key.idempotency_key;
  if known.request_hash <> answer_to_key.request_hash then
    raise sqlstate 'PT409' using message = 'another order was placed with this idempotency_key',
      detail = jsonb_build_object('order_id', known.order_id)::text,
      hint = 'Make a new key for a new order.';
  end if;
  return known.response;
end $$;
comment on function private.answer_to_key is
  'The stored answer to a request with this key, or null; raises PT409 when the request was another one. Definer: '
  'called by place_order.';

create function private.require_status_order() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    raise sqlstate 'PT409' using message = pg_catalog.format('an order begins as pending, not as %s', new.status);
  end if;
  if (old.status, new.status) not in (
    ('pending', 'paid'), ('pending', 'cancelled'), ('paid', 'shipped'), ('paid', 'refunded'), ('shipped', 'refunded'))
  then
    raise sqlstate 'PT409' using message = format('an order that is %s cannot become %s', old.status, new.status);
  end if;
  case new.status
    when 'paid' then new.paid_at := now();
    when 'shipped' then new.shipped_at := now();
    when 'cancelled' then new.cancelled_at := now();
    when 'refunded' then new.refunded_at := now();
  end case;
  return new;
end $$;
comment on function private.require_status_order is
  'Row trigger: refuses a status that may not follow the one before, and records when it changed.';

create trigger require_first_status before insert on public.orders
  for each row when (new.status <> 'pending') execute function private.require_status_order();
create trigger require_status_order before update of status on public.orders
  for each row when (old.status <> new.status) execute function private.require_status_order();

create function private.forbid_book_change() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'what was ordered and at what price cannot be changed' using errcode = 'insufficient_privilege';
end $$;
comment on function private.forbid_book_change is
  'Row trigger: refuses changes to what was ordered. Accounts and products that are gone leave null behind.';

create trigger forbid_book_change before update on public.orders
  for each row when (
    (old.id, old.currency, old.total, old.created_at) is distinct from (new.id, new.currency, new.total, new.created_at)
    or (new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id))
  execute function private.forbid_book_change();
create trigger forbid_book_change before update on public.order_items
  for each row when (
    (old.order_id, old.position, old.sku, old.name, old.unit_price, old.quantity)
      is distinct from (new.order_id, new.position, new.sku, new.name, new.unit_price, new.quantity)
    or (new.product_id is not null and new.product_id is distinct from old.product_id))
  execute function private.forbid_book_change();

create function private.unpaid_order_interval() returns interval
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return nullif(coalesce((select s.unpaid_order_minutes from private.settings s), 30), 0) * interval '1 minute';
end $$;
comment on function private.unpaid_order_interval is
  'How long an unpaid order reserves its goods; null for no end. PL/pgSQL caches plans. Definer: reads the settings.';
grant execute on function private.unpaid_order_interval to authenticated, service_role;

create function private.undecided_payment_interval() returns interval
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select coalesce((select s.undecided_payment_days from private.settings s), 14) * interval '1 day' $$;
comment on function private.undecided_payment_interval is
  'How long a payment may be pending at the provider before staff look at it. Definer: reads the settings.';

create function public.expires_at(public.orders) returns timestamptz
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.require_open_account();
  return case when $1.status = 'pending' and $1.withdrawn_at is null
    then $1.created_at + private.unpaid_order_interval() end;
end $$;
comment on function public.expires_at is
  'Computed column (select=*,expires_at): when an unpaid order is cancelled; null when it is not pending, was '
  'withdrawn, or may wait for ever.';
grant execute on function public.expires_at to authenticated, service_role;

create function private.order_json(known public.orders, items jsonb) returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_catalog.jsonb_build_object(
    'id', known.id, 'status', known.status, 'currency', known.currency, 'total', known.total, 'reason', known.reason,
    'withdrawn_at', known.withdrawn_at, 'created_at', known.created_at, 'expires_at', public.expires_at(known),
    'items', items);
end $$;
comment on function private.order_json is 'An order as functions return it.';

create function private.order_item_json(line public.order_items) returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return pg_catalog.jsonb_build_object(
    'product_id', line.product_id, 'sku', line.sku, 'name', line.name, 'unit_price', line.unit_price,
    'quantity', line.quantity);
end $$;
comment on function private.order_item_json is 'A line of an order as functions return it.';

create function private.order_json_by_id(order_id uuid) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select private.order_json(o, (
      select pg_catalog.jsonb_agg(private.order_item_json(i) order by i.position)
      from public.order_items i where i.order_id = o.id))
    from public.orders o where o.id = order_json_by_id.order_id);
end $$;
comment on function private.order_json_by_id is
  'An order with its lines. Definer: called by functions that write orders and know whose they are.';

create function private.lock_buyer(order_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform from auth.users u
  where u.id = (select o.buyer_id from public.orders o where o.id = lock_buyer.order_id)
  for key share;
end $$;
comment on function private.lock_buyer is
  'Keeps the account of an order''s buyer from being deleted before the transaction ends; called before the order is '
  'locked. Definer: called by settle_payment and mark_paid.';

create function private.raise_order_limit(name text, actual bigint, product_id uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  broken private.limits;
begin
  select l.* into broken from private.limits l where l.name = raise_order_limit.name;
  raise sqlstate 'PT403' using
    message = format('At most %s %s are allowed; this would be %s.', broken.allowed, broken.what, actual),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', name, 'allowed', broken.allowed, 'actual', actual, 'product_id', product_id))::text,
    hint = format(
      'Order less, or pay or cancel an unpaid order first; the key may be used again. '
      'Operators change the limit by update private.limits set allowed = … where name = %L.', name);
end $$;
comment on function private.raise_order_limit is
  'Raises PT403 as private.enforce_limit does, and says what a buyer can do. Definer: reads the limits.';

create function private.enforce_unpaid_units(buyer uuid, wanted bigint) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- Each order has a unit, so that more orders than units are not read.
  unpaid constant bigint := (
    select coalesce(sum(i.quantity), 0)
    from (
      select o.id from public.orders o
      where o.buyer_id = buyer and o.created_at > now() - interval '24 hours' and o.paid_at is null
      order by o.created_at desc limit private.limit_of('unpaid_units_per_day')) o
    join public.order_items i on i.order_id = o.id);
begin
  if not private.is_staff() then
    perform private.enforce_limit('unpaid_units_per_day', unpaid + wanted, 'PT429');
  end if;
end $$;
comment on function private.enforce_unpaid_units is
  'Refuses an order of somebody who has held much without paying, and let it go, to hold it again; not for staff. '
  'Definer: as enforce_order_limits.';

-- Purpose: orders, their lines, and which status may follow which.
-- Undo: drop table public.order_items, public.orders; drop the functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table public.orders (
  id uuid primary key default gen_random_uuid(),
  buyer_id uuid references auth.users (id) on delete set null,
  status text not null default 'pending' check (status in ('pending', 'paid', 'shipped', 'cancelled', 'refunded')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  total numeric(14, 2) not null check (total > 0),
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
alter table public.orders enable row level security;
alter table public.orders force row level security;

comment on table public.orders is
  'What was bought. Written by functions alone; the trigger keep_status holds every role to the order of its states.';
comment on column public.orders.id is 'The order.';
comment on column public.orders.buyer_id is 'Who bought; null once that account is closed, as the books must be kept.';
comment on column public.orders.status is
  'pending, then paid or cancelled; paid, then shipped or refunded; shipped, then refunded perhaps.';
comment on column public.orders.currency is 'ISO 4217 code of the total and of every line.';
comment on column public.orders.total is 'Sum of its lines, exact.';
comment on column public.orders.reason is 'Why it was cancelled or refunded, in words for the buyer.';
comment on column public.orders.withdrawn_at is
  'When it was withdrawn; what was paid, or is being paid at that moment, goes back.';
comment on column public.orders.paid_at is 'When it was paid.';
comment on column public.orders.shipped_at is 'When it left the house; its goods do not return to the stock after that.';
comment on column public.orders.cancelled_at is 'When it was cancelled.';
comment on column public.orders.refunded_at is 'When the money had gone back.';
comment on column public.orders.created_at is 'When it was placed.';
comment on column public.orders.updated_at is 'Last change.';

create table public.order_items (
  order_id uuid references public.orders (id) on delete cascade,
  position smallint check (position > 0),
  product_id uuid references public.products (id) on delete set null,
  sku text not null,
  name text not null,
  unit_price numeric(12, 2) not null check (unit_price > 0),
  quantity integer not null check (quantity > 0),
  primary key (order_id, position)
);
create index order_items_product_id_idx on public.order_items (product_id);
alter table public.order_items enable row level security;
alter table public.order_items force row level security;

comment on table public.order_items is 'Lines of orders, one a product, as they were when the order was placed.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.position is 'Place of the line, from 1.';
comment on column public.order_items.product_id is 'The product; null once it was deleted.';
comment on column public.order_items.sku is 'Its stock-keeping unit at that time.';
comment on column public.order_items.name is 'Its name at that time.';
comment on column public.order_items.unit_price is 'Its price at that time.';
comment on column public.order_items.quantity is 'Units.';

-- Who sees them -------------------------------------------------------------------------------------------------

grant select on public.orders, public.order_items to authenticated, service_role;

-- A range is one buyer's rows for a buyer, everybody's for staff, and the index answers both.
create policy "buyers read their own orders, staff read all" on public.orders
  for select to authenticated
  using (
    (buyer_id >= (select case when private.is_staff() then '00000000-0000-0000-0000-000000000000'::uuid else (select auth.uid()) end)
     and buyer_id <= (select case when private.is_staff() then 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid else (select auth.uid()) end))
    or (buyer_id is null and (select private.is_staff())));
create policy "people read the lines of the orders they read" on public.order_items
  for select to authenticated
  using (exists (select from public.orders o where o.id = order_items.order_id));

-- Which status may follow which ---------------------------------------------------------------------------------

create function private.keep_status() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    raise sqlstate 'PT409' using message = pg_catalog.format('an order begins as pending, not as %s', new.status);
  end if;
  if (old.status, new.status) not in (
    ('pending', 'paid'), ('pending', 'cancelled'), ('paid', 'shipped'), ('paid', 'refunded'), ('shipped', 'refunded'))
  then
    raise sqlstate 'PT409' using message = pg_catalog.format('an order that is %s cannot become %s', old.status, new.status);
  end if;
  case new.status
    when 'paid' then new.paid_at := now();
    when 'shipped' then new.shipped_at := now();
    when 'cancelled' then new.cancelled_at := now();
    when 'refunded' then new.refunded_at := now();
  end case;
  return new;
end $$;
comment on function private.keep_status() is
  'Row trigger: refuses, to every role, a status that does not follow from the one before, and notes when it changed.';

create function private.keep_books() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  raise exception 'what was ordered and at what price cannot be changed' using errcode = 'insufficient_privilege';
end $$;
comment on function private.keep_books() is
  'Row trigger: refuses changes of what is written in the books. Accounts and products that go leave null behind.';

create trigger keep_first_status before insert on public.orders
  for each row when (new.status <> 'pending') execute function private.keep_status();
create trigger keep_status before update of status on public.orders
  for each row when (old.status <> new.status) execute function private.keep_status();
create trigger keep_books before update on public.orders
  for each row when (
    (old.id, old.currency, old.total, old.created_at) is distinct from (new.id, new.currency, new.total, new.created_at)
    or (new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id))
  execute function private.keep_books();
create trigger keep_books before update on public.order_items
  for each row when (
    (old.order_id, old.position, old.sku, old.name, old.unit_price, old.quantity)
      is distinct from (new.order_id, new.position, new.sku, new.name, new.unit_price, new.quantity)
    or (new.product_id is not null and new.product_id is distinct from old.product_id))
  execute function private.keep_books();
create trigger touch_updated_at before update on public.orders
  for each row execute function private.touch_updated_at();

-- What several functions need -----------------------------------------------------------------------------------

-- PL/pgSQL keeps its plans; what is written in SQL is planned anew in every call.
create function private.shown(known public.orders, items jsonb) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'id', known.id, 'status', known.status, 'currency', known.currency, 'total', known.total, 'reason', known.reason,
    'withdrawn_at', known.withdrawn_at, 'created_at', known.created_at, 'items', items);
end $$;
comment on function private.shown(public.orders, jsonb) is 'An order as its buyer is shown it; granted to nobody.';

create function private.shown(line public.order_items) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return pg_catalog.jsonb_build_object(
    'product_id', line.product_id, 'sku', line.sku, 'name', line.name, 'unit_price', line.unit_price, 'quantity', line.quantity);
end $$;
comment on function private.shown(public.order_items) is 'A line as its buyer is shown it; granted to nobody.';

create function private.order_as_json(order_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select private.shown(o, (
      select pg_catalog.jsonb_agg(private.shown(i) order by i.position) from public.order_items i where i.order_id = o.id))
    from public.orders o where o.id = order_as_json.order_id);
end $$;
comment on function private.order_as_json(uuid) is
  'An order with its lines. Definer: called by the functions that write orders, which know whose it is; granted to nobody.';

create function private.return_stock(order_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- In the order in which place_order locks them, so that nobody waits in a circle.
  perform p.id
  from public.products p
  where p.id in (select i.product_id from public.order_items i where i.order_id = any (order_ids))
  order by p.id
  for no key update;
  -- Whoever fills the shelf to the brim meanwhile must not keep an order from being cancelled.
  update public.products p set stock = least(p.stock::bigint + r.quantity, 2147483647)::integer
  from (
    select i.product_id, sum(i.quantity) as quantity
    from public.order_items i where i.order_id = any (order_ids) and i.product_id is not null
    group by i.product_id) r
  where p.id = r.product_id;
end $$;
comment on function private.return_stock(uuid[]) is
  'Puts the units of these orders back; those of deleted products are gone. Definer: the stock is not the buyer''s; '
  'granted to nobody.';

create function private.acts_for_the_shop() returns boolean
language sql stable security invoker set search_path = ''
as $$
  select private.is_staff() or coalesce(auth.jwt() ->> 'role' = 'service_role', false)
$$;
comment on function private.acts_for_the_shop() is 'Whether the caller is staff, or a server with the secret key.';
grant execute on function private.acts_for_the_shop() to authenticated, service_role;

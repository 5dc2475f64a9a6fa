-- Purpose: TEMPORARY stand-in for the orders part: the two tables that recommendations hang on.
-- Undo: drop table public.order_items, public.orders;
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table public.orders (
  id uuid primary key default gen_random_uuid(),
  buyer_id uuid references auth.users (id) on delete set null,
  status text not null default 'pending' check (status in ('pending', 'paid', 'shipped', 'cancelled', 'refunded')),
  currency text not null default 'EUR',
  total numeric(14, 2) not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index orders_buyer_id_idx on public.orders (buyer_id);
alter table public.orders enable row level security;
alter table public.orders force row level security;
comment on table public.orders is 'What somebody bought.';
comment on column public.orders.id is 'The order.';
comment on column public.orders.buyer_id is 'Who bought; null once the account is closed.';
comment on column public.orders.status is 'pending, paid, shipped, cancelled or refunded.';
comment on column public.orders.currency is 'ISO 4217 code.';
comment on column public.orders.total is 'Sum of the lines.';
comment on column public.orders.created_at is 'When it was placed.';
comment on column public.orders.updated_at is 'Last change.';

create table public.order_items (
  order_id uuid not null references public.orders (id) on delete cascade,
  position smallint not null,
  product_id uuid references public.products (id) on delete set null,
  sku text not null,
  name text not null,
  unit_price numeric(12, 2) not null,
  quantity integer not null check (quantity > 0),
  primary key (order_id, position)
);
create index order_items_product_id_idx on public.order_items (product_id);
alter table public.order_items enable row level security;
alter table public.order_items force row level security;
comment on table public.order_items is 'Lines of orders, at the price paid.';
comment on column public.order_items.order_id is 'The order.';
comment on column public.order_items.position is 'Its place in the order.';
comment on column public.order_items.product_id is 'What was bought; null once it is deleted.';
comment on column public.order_items.sku is 'As it was.';
comment on column public.order_items.name is 'As it was.';
comment on column public.order_items.unit_price is 'Paid for one.';
comment on column public.order_items.quantity is 'How many.';

grant select on public.orders, public.order_items to authenticated;
grant select, insert, update, delete on public.orders, public.order_items to service_role;
create policy "buyers read their orders, staff all" on public.orders
  for select to authenticated using (buyer_id = (select auth.uid()) or (select private.is_staff()));
create policy "buyers read the lines of their orders, staff all" on public.order_items
  for select to authenticated
  using (
    order_id in (select o.id from public.orders o where o.buyer_id = (select auth.uid()))
    or (select private.is_staff()));

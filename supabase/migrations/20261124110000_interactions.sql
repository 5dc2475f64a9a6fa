-- Purpose: what people look at, put into their cart and buy, noted by appending, so that nobody waits for anybody.
-- Undo: drop the triggers note_purchases on public.order_items and withdraw_purchases on public.orders; drop table
-- private.purchases_to_take_back, private.interactions_to_fold, public.interactions; drop the functions and the type below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create type public.interaction_kind as enum ('view', 'cart', 'purchase');
comment on type public.interaction_kind is 'How somebody met a product: looked at it, put it into the cart, bought it.';

create table public.interactions (
  id bigint primary key generated always as identity,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  product_id uuid not null references public.products (id) on delete cascade,
  kind public.interaction_kind not null,
  order_id uuid,
  created_at timestamptz not null default now(),
  constraint interactions_order_id_check check ((kind = 'purchase') = (order_id is not null))
);
create index interactions_user_id_idx on public.interactions (user_id, created_at);
create index interactions_product_id_idx on public.interactions (product_id);
create index interactions_purchases_idx on public.interactions (user_id, product_id) where kind = 'purchase';
create index interactions_order_id_idx on public.interactions (order_id) where order_id is not null;
alter table public.interactions enable row level security;
alter table public.interactions force row level security;

comment on table public.interactions is
  'What people did with products. Rows are only ever added: no counter is kept here that two people would wait for.';
comment on column public.interactions.id is 'The event.';
comment on column public.interactions.user_id is 'Who; goes with the account.';
comment on column public.interactions.product_id is 'With which product; goes with it.';
comment on column public.interactions.kind is 'What they did. People note views and carts; purchases come from orders.';
comment on column public.interactions.order_id is 'Of a purchase: the order. A line of an order that is cancelled or refunded is no purchase.';
comment on column public.interactions.created_at is 'When.';

grant select, insert (product_id, kind) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;
create policy "people read what they did" on public.interactions
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people note what they look at and put into the cart" on public.interactions
  for insert to authenticated
  with check (
    user_id = (select auth.uid()) and kind in ('view', 'cart')
    and exists (select from public.products p where p.id = interactions.product_id and p.is_active));

-- Estimates tell nobody how much others do: see 20261123020100.
alter table public.interactions
  alter column user_id set statistics 1, alter column user_id set (n_distinct = -0.05),
  alter column product_id set statistics 1, alter column product_id set (n_distinct = -0.05),
  alter column kind set statistics 0, alter column order_id set statistics 0, alter column created_at set statistics 0;

-- What the worker has not counted yet ---------------------------------------------------------------------------

create table private.interactions_to_fold (
  interaction_id bigint primary key
);
alter table private.interactions_to_fold enable row level security;
alter table private.interactions_to_fold force row level security;
create policy "functions alone use it" on private.interactions_to_fold for all to anon, authenticated using (false);
comment on table private.interactions_to_fold is 'Interactions that are in no count yet; the worker takes them from here.';
comment on column private.interactions_to_fold.interaction_id is
  'The interaction; one that is gone meanwhile counts for nothing, so that no foreign key need be checked while a shop sells.';

create table private.purchases_to_take_back (
  id bigint primary key generated always as identity,
  user_id uuid not null,
  product_id uuid not null,
  created_at timestamptz not null
);
create index purchases_to_take_back_user_id_idx on private.purchases_to_take_back (user_id);
alter table private.purchases_to_take_back enable row level security;
alter table private.purchases_to_take_back force row level security;
create policy "functions alone use it" on private.purchases_to_take_back for all to anon, authenticated using (false);
comment on table private.purchases_to_take_back is
  'Purchases that were counted and then cancelled or refunded; the worker takes them out of the counts.';
comment on column private.purchases_to_take_back.id is 'The change.';
comment on column private.purchases_to_take_back.user_id is 'Who had bought.';
comment on column private.purchases_to_take_back.product_id is 'What.';
comment on column private.purchases_to_take_back.created_at is 'When it had been bought.';

create function private.queue_interactions() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if (select count(*) from new_rows) > 1000 and auth.jwt() ->> 'role' = 'authenticated' then
    raise sqlstate 'PT422' using message = 'at most 1000 interactions can be noted at a time';
  end if;
  -- What counts once a day need not wait to be counted more often.
  insert into private.interactions_to_fold (interaction_id)
  select min(n.id) from new_rows n where n.kind <> 'purchase' group by n.user_id, n.product_id, n.kind
  union all
  select n.id from new_rows n where n.kind = 'purchase';
  return null;
end $$;
comment on function private.queue_interactions() is
  'Statement trigger on interactions: notes what is to be counted. Definer: nobody else writes that table.';
create trigger queue_interactions after insert on public.interactions
  referencing new table as new_rows for each statement execute function private.queue_interactions();

-- Purchases are lines of orders ---------------------------------------------------------------------------------

create function private.note_purchases() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.interactions (user_id, product_id, kind, order_id)
  select o.buyer_id, n.product_id, 'purchase', o.id
  from new_rows n join public.orders o on o.id = n.order_id
  where o.buyer_id is not null and n.product_id is not null;
  return null;
end $$;
comment on function private.note_purchases() is
  'Statement trigger on order_items: a purchase for each line, whatever the quantity. Definer: buyers may not claim purchases.';
create trigger note_purchases after insert on public.order_items
  referencing new table as new_rows for each statement execute function private.note_purchases();

create function private.withdraw_purchases() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Of what the worker is counting at this moment it waits for the end, some milliseconds; only rows of this order.
  with uncounted as (
    delete from private.interactions_to_fold q using public.interactions i
    where i.order_id = new.id and q.interaction_id = i.id
    returning q.interaction_id)
  insert into private.purchases_to_take_back (user_id, product_id, created_at)
  select i.user_id, i.product_id, i.created_at
  from public.interactions i
  where i.order_id = new.id and not exists (select from uncounted u where u.interaction_id = i.id);
  delete from public.interactions i where i.order_id = new.id;
  return null;
end $$;
comment on function private.withdraw_purchases() is
  'Row trigger on orders that are cancelled or refunded: their lines are no purchases any more, and what was counted of them '
  'is taken back. Definer: as note_purchases.';
create trigger withdraw_purchases after update of status on public.orders
  for each row
  when (new.status in ('cancelled', 'refunded') and old.status not in ('cancelled', 'refunded'))
  execute function private.withdraw_purchases();

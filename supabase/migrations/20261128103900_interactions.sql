-- What people did with products: views, carts and purchases.
--
-- People insert views and carts, at a bounded rate; purchases are recorded when their order is paid and deleted when it
-- is withdrawn or refunded. Rows are only added, and no counter is updated here, so that two buyers of a product never
-- wait for each other: the worker rolls purchases up into popularity and co-purchases later. Only purchases count for
-- others; views and carts serve the person's own recommendations.

create type public.interaction_kind as enum ('view', 'cart', 'purchase');
comment on type public.interaction_kind is 'What somebody did: viewed a product, put it into the cart, or bought it.';

create table public.interactions (
  id bigint primary key default private.new_row_id(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  product_id uuid not null references public.products (id) on delete cascade,
  kind public.interaction_kind not null,
  order_id uuid,
  created_at timestamptz not null default now(),
  constraint "a purchase has an order_id, nothing else has" check ((kind = 'purchase') = (order_id is not null))
);
create index interactions_user_id_idx on public.interactions (user_id, created_at);
create index interactions_product_id_idx on public.interactions (product_id);
create index interactions_purchases_idx on public.interactions (user_id, product_id) where kind = 'purchase';
create index interactions_order_id_idx on public.interactions (order_id) where order_id is not null;
alter table public.interactions enable row level security, force row level security;

comment on table public.interactions is 'What people did with products.';
comment on column public.interactions.id is 'The event. Tells when it happened, and nothing else.';
comment on column public.interactions.user_id is 'Person.';
comment on column public.interactions.product_id is 'Product.';
comment on column public.interactions.kind is
  'What they did. People insert views and carts; a purchase is recorded when its order is paid.';
comment on column public.interactions.order_id is 'Order of a purchase.';
comment on column public.interactions.created_at is 'When.';

grant select (id, user_id, product_id, kind, order_id, created_at) on public.interactions to authenticated;
grant insert (product_id, kind) on public.interactions to authenticated;
grant select, insert, update, delete on public.interactions to service_role;

create policy "people read what they did" on public.interactions
  for select to authenticated using (user_id = (select auth.uid()));
create policy "people note what they look at and put into the cart" on public.interactions
  for insert to authenticated
  with check (
    user_id = (select auth.uid()) and kind in ('view', 'cart')
    and exists (select from public.products p where p.id = interactions.product_id and p.is_active));
select private.refuse_closed_accounts('public.interactions');

create trigger a_enforce_rows_of_new after insert on public.interactions
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

create table private.interactions_to_roll_up (
  interaction_id bigint primary key
);
alter table private.interactions_to_roll_up enable row level security, force row level security;

comment on table private.interactions_to_roll_up is 'Purchases that are not counted yet.';
comment on column private.interactions_to_roll_up.interaction_id is
  'The interaction. No foreign key, whose check would cost every sale; one that is gone counts nothing.';

create policy "functions alone use it" on private.interactions_to_roll_up for all to anon, authenticated using (false);

create table private.purchases_to_revert (
  id bigint primary key generated always as identity,
  user_id uuid not null,
  product_id uuid not null,
  created_at timestamptz not null
);
create index purchases_to_revert_user_id_idx on private.purchases_to_revert (user_id);
alter table private.purchases_to_revert enable row level security, force row level security;

comment on table private.purchases_to_revert is 'Purchases that were counted and then withdrawn or refunded.';
comment on column private.purchases_to_revert.id is 'The change.';
comment on column private.purchases_to_revert.user_id is 'Buyer.';
comment on column private.purchases_to_revert.product_id is 'Product.';
comment on column private.purchases_to_revert.created_at is 'When it was bought.';

create policy "functions alone use it" on private.purchases_to_revert for all to anon, authenticated using (false);

create table private.interaction_rates (
  user_id uuid primary key references auth.users (id) on delete cascade,
  began_at timestamptz not null,
  times bigint not null
) with (fillfactor = 50);
alter table private.interaction_rates enable row level security, force row level security;

comment on table private.interaction_rates is
  'Views and carts of each person in their current minute. Rows of past minutes mean nothing; the worker removes them.';
comment on column private.interaction_rates.user_id is 'The person.';
comment on column private.interaction_rates.began_at is 'When the minute began: with the first event after the last.';
comment on column private.interaction_rates.times is 'Views and carts since then.';

create policy "functions alone use it" on private.interaction_rates for all to anon, authenticated using (false);

create function private.enforce_interaction_rate(person uuid, noted bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  this_moment constant timestamptz := clock_timestamp();
  total bigint;
begin
  -- Locks the row to the end of the transaction: only requests of the same person wait for each other.
  insert into private.interaction_rates as r (user_id, began_at, times) values (person, this_moment, noted)
  on conflict (user_id) do update
  set (began_at, times) = (
    select case when k.is_running then r.began_at else this_moment end,
           case when k.is_running then r.times else 0 end + noted
    -- A minute may have begun after this moment, while this request waited; but not when the clock was set back.
    from (
      select r.began_at
        between this_moment - interval '1 minute' and this_moment + interval '1 minute' as is_running) k)
  returning r.times into total;
  perform private.enforce_limit('interactions_per_minute', total, 'PT429');
end $$;
comment on function private.enforce_interaction_rate is
  'Counts views and carts in the person''s minute; raises PT429 beyond the limit, without counting. Definer: writes '
  'the counts; called by a trigger, granted to nobody.';

create function private.queue_interactions() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  noted constant bigint := (select count(*) from new_rows n where n.kind <> 'purchase');
begin
  -- Servers insert for many people.
  if noted > 0 and auth.jwt() ->> 'role' = 'authenticated' then
    perform private.enforce_interaction_rate(auth.uid(), noted);
  end if;
  insert into private.interactions_to_roll_up (interaction_id)
  select n.id from new_rows n where n.kind = 'purchase';
  return null;
end $$;
comment on function private.queue_interactions is
  'Statement trigger on interactions: bounds the rate of views and carts, and queues purchases. Definer: writes those '
  'tables.';

create trigger queue_interactions after insert on public.interactions
  referencing new table as new_rows for each statement execute function private.queue_interactions();

create function private.record_purchases() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.interactions (user_id, product_id, kind, order_id)
  select new.buyer_id, p.id, 'purchase', new.id
  from public.order_items i join public.products p on p.id = i.product_id
  where i.order_id = new.id
  -- By id, as place_order locks them.
  order by p.id
  -- Waits for a concurrent deletion of a product, so that the payment does not fail because of it.
  for key share of p;
  return null;
end $$;
comment on function private.record_purchases is
  'Row trigger on orders that become paid: records one purchase for each line. Definer: people may not.';

-- Not for a withdrawn order, whose money goes back.
create trigger record_purchases after update of status on public.orders
  for each row
  when (new.status = 'paid' and old.status = 'pending' and new.withdrawn_at is null and new.buyer_id is not null)
  execute function private.record_purchases();

create function private.withdraw_purchases() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Waits for the worker, some milliseconds, while it counts rows of this order.
  with uncounted as (
    delete from private.interactions_to_roll_up q using public.interactions i
    where i.order_id = new.id and q.interaction_id = i.id
    returning q.interaction_id)
  insert into private.purchases_to_revert (user_id, product_id, created_at)
  select i.user_id, i.product_id, i.created_at
  from public.interactions i
  where i.order_id = new.id and not exists (select from uncounted u where u.interaction_id = i.id);
  delete from public.interactions i where i.order_id = new.id;
  return null;
end $$;
comment on function private.withdraw_purchases is
  'Row trigger on paid orders that are withdrawn or refunded: deletes their purchases, and queues counted ones to be '
  'reverted. Definer: as record_purchases.';

create trigger withdraw_purchases after update of status, withdrawn_at on public.orders
  for each row
  when (
    old.status in ('paid', 'shipped') and old.withdrawn_at is null
    and (new.status = 'refunded' or new.withdrawn_at is not null))
  execute function private.withdraw_purchases();

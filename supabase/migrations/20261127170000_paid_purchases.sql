-- Purpose: only what is paid counts. Popularity and "bought together" count the lines of paid orders, and forget them when
--   the order is withdrawn or refunded. Looks and carts are free to make: they serve the person's own recommendations, and
--   change nobody else's.
-- Undo: create note_purchases, withdraw_purchases and their triggers, queue_interactions, fold_popularity, unfold_popularity,
--   rebuild_popularity, interaction_weight, take_back_purchases, leave_orders and just_bought again as they
--   were; drop the functions private.purchase_weight(), private.take_back(uuid[], uuid[], timestamptz[]) and
--   private.take_back_of(uuid); drop index public.orders_pending_buyer_id_idx; select private.rebuild_popularity().
-- The locks are held for as long as the purchases of orders that are not paid take to be removed.
-- squawk-ignore-file ban-drop-function, require-concurrent-index-creation
set local lock_timeout = '10s';
set local statement_timeout = '10min';

-- Purchases are lines of paid orders ----------------------------------------------------------------------------

drop trigger note_purchases on public.order_items;
drop trigger withdraw_purchases on public.orders;

create or replace function private.note_purchases() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.interactions (user_id, product_id, kind, order_id)
  select new.buyer_id, p.id, 'purchase', new.id
  from public.order_items i join public.products p on p.id = i.product_id
  where i.order_id = new.id
  -- Waits for whoever deletes a product, so that a payment does not fail for it.
  for key share of p;
  return null;
end $$;
comment on function private.note_purchases() is
  'Row trigger on orders that become paid: a purchase for each line, whatever the quantity. Definer: buyers may not claim '
  'purchases.';

-- Money that came for an order that was withdrawn goes back: nothing was bought.
create trigger note_purchases after update of status on public.orders
  for each row
  when (new.status = 'paid' and old.status = 'pending' and new.withdrawn_at is null and new.buyer_id is not null)
  execute function private.note_purchases();

create or replace function private.withdraw_purchases() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Waits some milliseconds for the worker while it counts rows of this order.
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
  'Row trigger on paid orders that are withdrawn or refunded: their lines are no purchases any more, and the worker takes '
  'them out of the counts. Definer: as note_purchases.';

create trigger withdraw_purchases after update of status, withdrawn_at on public.orders
  for each row
  when (
    old.status in ('paid', 'shipped') and old.withdrawn_at is null
    and (new.status = 'refunded' or new.withdrawn_at is not null))
  execute function private.withdraw_purchases();

comment on table public.interactions is
  'What people did with products. Rows are only ever added: no counter is kept here that two people would wait for. '
  'Purchases alone count for others; looks and carts serve the person''s own recommendations.';
comment on column public.interactions.kind is
  'What they did. People note views and carts; a purchase is noted when its order is paid.';
comment on column public.interactions.order_id is
  'Of a purchase: the order, which is paid. A line of an order that is withdrawn or refunded is no purchase.';

create or replace function private.queue_interactions() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from new_rows) > 1000 and auth.jwt() ->> 'role' = 'authenticated' then
    raise sqlstate 'PT422' using message = 'at most 1000 interactions can be noted at a time';
  end if;
  insert into private.interactions_to_fold (interaction_id)
  select n.id from new_rows n where n.kind = 'purchase';
  return null;
end $$;
comment on function private.queue_interactions() is
  'Statement trigger on interactions: notes purchases as to be counted. Definer: nobody else writes that table.';
comment on table private.interactions_to_fold is 'Purchases that are in no count yet; the worker takes them from here.';

-- Popularity ----------------------------------------------------------------------------------------------------

create function private.purchase_weight() returns double precision
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 10.0::double precision $$;
comment on function private.purchase_weight() is
  'What a purchase counts. A new product begins with 1. After a change: select private.rebuild_popularity().';

comment on function private.popularity_now(double precision) is
  'A score as people would count it: 10 for every purchase of today that would make the same popularity.';
comment on table public.product_popularity is
  'How popular each product is. Written by the worker alone, from what people paid for; read as the product.';
comment on column public.product_popularity.score is
  'Binary logarithm of what people bought, each purchase counted twice as much as the same one half-life earlier. Only the '
  'order and differences mean anything: 1 more is twice as popular, and a product that nobody buys any more falls by being '
  'passed.';
comment on function private.rate_new_products() is
  'Statement trigger on products: a new one begins with a tenth of a purchase, so that a shop without a past shows its '
  'newest. Definer: nobody else writes popularity.';
comment on table private.counted_interactions is
  'What is in the popularity already: one row for each person, product and day of a purchase, known by a hash. Kept for as '
  'long as it may be taken back.';
comment on column private.counted_interactions.kind is 'Always purchase.';
comment on column private.counted_interactions.times is
  'Orders of that day that stand; the last one to go takes the count with it.';

create or replace function private.fold_popularity(interaction_ids bigint[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with done as (
    select private.interaction_key(i.user_id, i.product_id, 'purchase', i.created_at) as key,
           i.product_id, min(i.created_at) as at, count(*)::integer as times
    from public.interactions i where i.id = any (interaction_ids) and i.kind = 'purchase'
    group by 1, 2
  ), counted as (
    insert into private.counted_interactions as c (key, kind, day, times)
    select d.key, 'purchase', (d.at at time zone 'utc')::date, d.times from done d
    on conflict (key) do update set times = c.times + excluded.times, counted_at = now()
    returning c.key, c.times
  ), news as (
    select d.product_id, private.popularity_exponent(d.at) as exponent
    from done d join counted c on c.key = d.key and c.times = d.times
  ), sums as (
    select n.product_id, sum(private.purchase_weight() * private.power_of_two(n.exponent - t.top)) as amount,
           min(t.top) as exponent
    from news n join (select m.product_id, max(m.exponent) as top from news m group by m.product_id) t using (product_id)
    group by n.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
end $$;
comment on function private.fold_popularity(bigint[]) is
  'Counts these purchases, once for each person, product and day. Definer: as fold_interactions, which calls it.';

create or replace function private.unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  with undone as (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at) as key, u.product_id, min(u.at) as at,
           count(*)::integer as times
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at)
    group by 1, 2
  ), left_over as (
    update private.counted_interactions c set times = c.times - u.times from undone u where c.key = u.key
    returning c.key, c.times
  ), sums as (
    select u.product_id, -sum(private.purchase_weight() * private.power_of_two(
             private.popularity_exponent(u.at) - t.top)) as amount, min(t.top) as exponent
    from undone u join left_over l on l.key = u.key and l.times = 0
    join (select v.product_id, max(private.popularity_exponent(v.at)) as top from undone v group by v.product_id) t
      on t.product_id = u.product_id
    group by u.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
  delete from private.counted_interactions c
  where c.times = 0 and c.key in (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at)
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at));
end $$;

create or replace function private.rebuild_popularity() returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  half_life constant double precision := private.popularity_half_life();
begin
  -- The worker counts nothing meanwhile. What is not counted yet stays so, and what is to be taken back is still in.
  perform pg_advisory_xact_lock(20261124, 1);
  update public.product_popularity p
  set score = s.score
  from (
    with once as (
      select i.product_id, i.user_id, (i.created_at at time zone 'utc')::date as day
      from public.interactions i
      where i.kind = 'purchase'
        and not exists (select from private.interactions_to_fold q where q.interaction_id = i.id)
      union
      select b.product_id, b.user_id, (b.created_at at time zone 'utc')::date from private.purchases_to_take_back b
    ), of_day as (
      select o.product_id, (o.day - date '2026-01-01') / half_life as exponent, count(*) as people
      from once o group by o.product_id, o.day
    ), topped as (
      select d.*, max(d.exponent) over (partition by d.product_id) as top from of_day d
    ), sums as (
      select t.product_id, t.top,
             private.purchase_weight() * sum(t.people * private.power_of_two(t.exponent - t.top)) as amount
      from topped t
      group by t.product_id, t.top)
    select b.id, coalesce(
             private.raised_score(private.popularity_exponent(b.created_at), d.amount, d.top),
             private.popularity_exponent(b.created_at)) as score
    from public.products b left join sums d on d.product_id = b.id) s
  where p.product_id = s.id;
end $$;
comment on function private.rebuild_popularity() is
  'Computes every score again from the purchases, as the owner of the tables: after a change of the weight or the half-life.';

drop function private.interaction_weight(public.interaction_kind);

comment on function private.interaction_key(uuid, uuid, public.interaction_kind, timestamptz) is
  'What counts once, however often it was bought.';
comment on function private.fewest_people() is
  'People who must have paid for both of two products before anybody is shown so: what one or two bought is not told, and an '
  'account that never paid is none of them.';
comment on function private.fold_interactions(integer) is
  'Counts up to max_rows purchases: popularity, and pairs of products that the same person bought. Says how many were taken. '
  'Gives way after half a second to whoever holds a product''s row. Definer: the worker has no right to what people do.';

-- Taken back, also when the account goes ------------------------------------------------------------------------

create function private.take_back(users uuid[], products uuid[], times timestamptz[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  last_users uuid[];
  last_products uuid[];
begin
  perform private.unfold_popularity(users, products, times);
  -- Who bought it in another order as well still has it.
  select array_agg(l.user_id), array_agg(l.product_id) into last_users, last_products
  from (
    select distinct u.user_id, u.product_id from unnest(users, products) u (user_id, product_id)
    where not exists (select from private.counted_purchases(u.user_id) b where b.product_id = u.product_id)
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = u.user_id and t.product_id = u.product_id)) l;
  if last_users is not null then
    perform private.take_back_pairs(last_users, last_products);
  end if;
end $$;
comment on function private.take_back(uuid[], uuid[], timestamptz[]) is
  'Takes purchases, whose rows in purchases_to_take_back the caller has deleted, out of popularity and pairs. Definer: as '
  'fold_interactions; called under its lock, granted to nobody.';

create or replace function private.take_back_purchases(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '500ms'
as $$
declare
  users uuid[];
  products uuid[];
  times timestamptz[];
begin
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  with gone as (
    delete from private.purchases_to_take_back b
    where b.id in (select t.id from private.purchases_to_take_back t order by t.id limit max_rows for update skip locked)
    returning b.user_id, b.product_id, b.created_at)
  select array_agg(g.user_id), array_agg(g.product_id), array_agg(g.created_at) into users, products, times from gone g;
  if users is null then
    return 0;
  end if;
  perform private.take_back(users, products, times);
  return cardinality(users);
end $$;
comment on function private.take_back_purchases(integer) is
  'Takes up to max_rows purchases that were withdrawn out of the counts, and says how many. Definer: as fold_interactions.';

create function private.take_back_of(person uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  products uuid[];
  times timestamptz[];
begin
  if not exists (select from private.purchases_to_take_back b where b.user_id = person) then
    return;
  end if;
  perform pg_advisory_xact_lock(20261124, 1);
  with gone as (
    delete from private.purchases_to_take_back b where b.user_id = person returning b.product_id, b.created_at)
  select array_agg(g.product_id), array_agg(g.created_at) into products, times from gone g;
  if products is not null then
    perform private.take_back(array_fill(person, array[cardinality(products)]), products, times);
  end if;
end $$;
comment on function private.take_back_of(uuid) is
  'Takes back at once what somebody withdrew and the worker has not taken back yet: which pairs they were counted for goes '
  'with their account. Definer: as fold_interactions; granted to nobody.';

create or replace function private.leave_orders(person uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  pending uuid[];
begin
  perform private.take_back_of(person);
  select array_agg(l.id) into pending
  from (
    select o.id from public.orders o where o.buyer_id = person and o.status = 'pending' order by o.id for no key update) l;
  if pending is not null then
    perform private.withdraw_pending(pending, 'The account was closed.');
  end if;
  update private.payment_jobs j set customer_id = null
  where j.customer_id = person and j.done_at is not null
    and j.order_id in (select o.id from public.orders o where o.buyer_id = person);
end $$;
comment on function private.leave_orders(uuid) is
  'What somebody has not paid is cancelled; paid orders are delivered and kept. What they withdrew is taken out of the counts '
  'before it is forgotten who it was. The provider''s records of what is done lose the name.';

-- What is ordered and not paid is not offered again -------------------------------------------------------------

create index orders_pending_buyer_id_idx on public.orders (buyer_id) where status = 'pending';

create or replace function private.just_bought() returns uuid[]
language sql stable security invoker set search_path = ''
as $$
  select coalesce(array_agg(distinct b.product_id), '{}')
  from (
    select i.product_id from public.interactions i
    where i.user_id = (select auth.uid()) and i.kind = 'purchase' and i.created_at > now() - private.just_bought_interval()
    union all
    select l.product_id from public.orders o join public.order_items l on l.order_id = o.id
    where o.buyer_id = (select auth.uid()) and o.status = 'pending' and l.product_id is not null) b
$$;
comment on function private.just_bought() is 'What the caller bought lately, or has ordered and not paid yet.';

-- What was counted of orders that are not paid ------------------------------------------------------------------

delete from private.interactions_to_fold q using public.interactions i
where i.id = q.interaction_id and i.kind <> 'purchase';
with unpaid as (
  select i.id, i.user_id, i.product_id, i.created_at
  from public.interactions i join public.orders o on o.id = i.order_id
  where o.status = 'pending' or o.withdrawn_at is not null
), uncounted as (
  delete from private.interactions_to_fold q using unpaid u where q.interaction_id = u.id returning q.interaction_id
)
insert into private.purchases_to_take_back (user_id, product_id, created_at)
select u.user_id, u.product_id, u.created_at from unpaid u
where not exists (select from uncounted c where c.interaction_id = u.id);
delete from public.interactions i using public.orders o
where o.id = i.order_id and (o.status = 'pending' or o.withdrawn_at is not null);
delete from private.counted_interactions c where c.kind <> 'purchase';
select private.rebuild_popularity();

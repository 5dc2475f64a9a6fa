-- Purpose: limits on what one person may do to the shop: unpaid orders and units that they hold, orders placed an hour,
--   interactions noted a minute.
-- Undo: create place_order, queue_interactions and forget_counted again as they were; drop the functions below; drop table
--   private.interaction_rates; delete their rows from private.limits.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into private.limits (name, allowed, what) values
  ('open_orders', 10, 'unpaid orders of one person'),
  ('reserved_units', 100, 'units in unpaid orders of one person'),
  ('reserved_units_of_product', 20, 'units of one product in unpaid orders of one person'),
  ('orders_per_hour', 100, 'orders of one person within an hour'),
  ('interactions_per_minute', 120, 'looks and carts of one person within a minute');

-- What somebody holds without having paid -----------------------------------------------------------------------

create function private.refuse_hold(name text, actual bigint, product_id uuid) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  broken private.limits;
begin
  select l.* into broken from private.limits l where l.name = refuse_hold.name;
  raise sqlstate 'PT403' using
    message = format('At most %s %s are allowed; this would be %s.', broken.allowed, broken.what, actual),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', name, 'allowed', broken.allowed, 'actual', actual, 'product_id', product_id))::text,
    hint = format(
      'Order less, or pay or cancel an unpaid order first; the key may be used again. Operators change the limit by update '
      'private.limits set allowed = … where name = %L.', name);
end $$;
comment on function private.refuse_hold(text, bigint, uuid) is
  'PT403 for somebody who holds too much, as private.enforce_limit, with what a buyer can do. Definer: reads the limits; '
  'granted to nobody.';

create function private.enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most record;
  held record;
begin
  -- A limit that is missing is an error, never unlimited.
  select coalesce(max(l.allowed) filter (where l.name = 'open_orders'), private.limit_of('open_orders')) as orders,
         coalesce(max(l.allowed) filter (where l.name = 'orders_per_hour'), private.limit_of('orders_per_hour')) as orders_per_hour,
         coalesce(max(l.allowed) filter (where l.name = 'reserved_units'), private.limit_of('reserved_units')) as units,
         coalesce(max(l.allowed) filter (where l.name = 'reserved_units_of_product'),
                  private.limit_of('reserved_units_of_product')) as units_of_product
  into most
  from private.limits l;
  -- Counted no further than to the limit, so that no history makes this slow.
  with recent as (
    select from public.orders o where o.buyer_id = buyer and o.created_at > now() - interval '1 hour'
    limit most.orders_per_hour
  ), unpaid as materialized (
    select o.id from public.orders o where o.buyer_id = buyer and o.status = 'pending' limit most.orders
  ), lines as materialized (
    select i.product_id, i.quantity from unpaid u join public.order_items i on i.order_id = u.id
  ), wanted as (
    select w.id, w.quantity + coalesce((select sum(l.quantity) from lines l where l.product_id = w.id), 0) as units
    from unnest(product_ids, quantities) w (id, quantity)
  )
  select (select count(*) + 1 from recent) as orders_per_hour,
         (select count(*) + 1 from unpaid) as orders,
         (select coalesce(sum(l.quantity), 0) from lines l) + (select sum(q.n) from unnest(quantities) q (n)) as units,
         max(w.units) as units_of_product,
         (array_agg(w.id order by w.units desc, w.id))[1] as product_id
  into held
  from wanted w;
  if held.orders_per_hour <= most.orders_per_hour and held.orders <= most.orders and held.units <= most.units
    and held.units_of_product <= most.units_of_product
  then
    return;
  end if;
  -- Whoever may write the stock gains nothing by holding it.
  if private.is_staff() then
    return;
  end if;
  if held.orders > most.orders then
    perform private.refuse_hold('open_orders', held.orders, null);
  elsif held.units_of_product > most.units_of_product then
    perform private.refuse_hold('reserved_units_of_product', held.units_of_product::bigint, held.product_id);
  elsif held.units > most.units then
    perform private.refuse_hold('reserved_units', held.units::bigint, null);
  end if;
  perform private.enforce_limit('orders_per_hour', held.orders_per_hour, 'PT429');
end $$;
comment on function private.enforce_holds(uuid, uuid[], integer[]) is
  'Refuses an order by which somebody would hold too much without having paid, or who orders too often; staff may. Definer: '
  'called by place_order under the buyer''s lock; granted to nobody.';

create or replace function private.place_order(items jsonb, idempotency_key text) returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  buyer constant uuid := auth.uid();
  lines constant record := private.order_lines(items);
  hash bytea;
  known private.order_requests;
  found_lines record;
  placed public.orders;
  item_list jsonb;
  answer jsonb;
begin
  -- Locked before the products, as whoever closes the account locks it: neither waits in a circle, and an account that is
  -- closed meanwhile, or only marked as deleted, places no order that nobody cancels.
  perform from auth.users u where u.id = buyer and u.deleted_at is null for share;
  if not found then
    raise sqlstate 'PT403' using message = 'only a person with an account can order', hint = 'Sign in, and send the token.';
  end if;
  if idempotency_key is null or pg_catalog.char_length(idempotency_key) not between 1 and 255 then
    raise sqlstate 'PT422' using message = 'idempotency_key must have 1 to 255 characters',
      hint = 'Make a new UUID for each order, and send the same one when you send the order again.';
  end if;
  hash := pg_catalog.sha256(pg_catalog.convert_to(lines::text, 'UTF8'));

  -- One order of a person at a time: a second request with the key waits here for the first, and then finds its answer; one
  -- with another key finds what the first one holds.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(buyer::text, 0));
  select r.* into known from private.order_requests r
  where r.buyer_id = buyer and r.idempotency_key = place_order.idempotency_key;
  if known.order_id is not null then
    if known.request_hash <> hash then
      raise sqlstate 'PT409' using message = 'another order was placed with this idempotency_key',
        detail = pg_catalog.jsonb_build_object('order_id', known.order_id)::text,
        hint = 'Make a new key for a new order.';
    end if;
    return known.response;
  end if;
  perform private.enforce_holds(buyer, lines.product_ids, lines.quantities);

  -- Who comes too late for the last unit need not wait in the queue for it.
  perform private.refuse_shortage(lines.product_ids, lines.quantities);

  -- From here to the end of the transaction others wait who want the same products. Everybody locks them by their ids in
  -- one order, so that nobody waits in a circle; what is read is what it is under the lock.
  with locked as materialized (
    select p.id, p.name, p.price, p.currency, p.stock, p.is_active, w.quantity
    from unnest(lines.product_ids, lines.quantities) w (id, quantity)
    join public.products p on p.id = w.id
    order by p.id
    for no key update of p
  )
  select array_agg(l.id) filter (where l.is_active) as ids,
         min(l.currency) as currency, max(l.currency) as other_currency,
         sum(l.price * l.quantity) as total,
         bool_or(l.stock < l.quantity) as is_short
  into found_lines
  from locked l;

  if coalesce(pg_catalog.cardinality(found_lines.ids), 0) < pg_catalog.cardinality(lines.product_ids) then
    raise sqlstate 'PT404' using
      message = pg_catalog.format('product %s is not on sale', (
        select min(w.id::text) from unnest(lines.product_ids) w (id) where w.id <> all (coalesce(found_lines.ids, '{}')))),
      hint = 'Take it off the order.';
  end if;
  if found_lines.currency <> found_lines.other_currency then
    raise sqlstate 'PT422' using
      message = pg_catalog.format('an order has one currency, not %s and %s', found_lines.currency, found_lines.other_currency),
      hint = 'Place an order for each currency.';
  end if;
  if found_lines.total >= 1000000000000 then
    raise sqlstate 'PT422' using message = 'the total is too large', hint = 'Place several orders.';
  end if;
  if found_lines.is_short then
    perform private.refuse_shortage(lines.product_ids, lines.quantities);
  end if;

  insert into public.orders (buyer_id, currency, total) values (buyer, found_lines.currency, found_lines.total)
  returning * into placed;
  with taken as (
    update public.products p set stock = p.stock - w.quantity
    from unnest(lines.product_ids, lines.quantities) with ordinality w (id, quantity, position)
    where p.id = w.id
    returning w.position, p.id, p.sku, p.name, p.price, w.quantity
  ), written as (
    insert into public.order_items as i (order_id, position, product_id, sku, name, unit_price, quantity)
    select placed.id, t.position, t.id, t.sku, t.name, t.price, t.quantity from taken t
    returning i
  )
  select pg_catalog.jsonb_agg(private.shown(w.i) order by (w.i).position) into item_list from written w;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id)
  values (placed.id, 'charge', placed.total, placed.currency, buyer);
  answer := private.shown(placed, item_list);
  insert into private.order_requests (buyer_id, idempotency_key, request_hash, response, order_id)
  values (buyer, idempotency_key, hash, answer, placed.id);
  return answer;
end $$;
comment on function public.place_order(jsonb, text) is
  'Buys items, [{"product_id": …, "quantity": …}, …], all or nothing, at the prices of this moment; the order with its '
  'lines, and until when it may be paid. The same key gives the same answer again and no second order; with other items it '
  'is a conflict (409). 409 with product_id, name, requested and available as details when there is not enough; 404 for what '
  'is not on sale; 422 for what must be put otherwise; 403 and 429 for whoever holds too much unpaid, or orders too often, '
  'with limit, allowed and actual as details.';

-- How often somebody notes what they look at --------------------------------------------------------------------

create table private.interaction_rates (
  user_id uuid primary key references auth.users (id) on delete cascade,
  began_at timestamptz not null,
  times bigint not null
) with (fillfactor = 50);
alter table private.interaction_rates enable row level security;
alter table private.interaction_rates force row level security;
create policy "functions alone use it" on private.interaction_rates for all to anon, authenticated using (false);
comment on table private.interaction_rates is
  'How many looks and carts each person has noted in their present minute, so that none are counted in the large table. Rows '
  'of minutes that are over mean nothing; the worker removes them.';
comment on column private.interaction_rates.user_id is 'The person.';
comment on column private.interaction_rates.began_at is 'When their minute began: with the first one after the last minute.';
comment on column private.interaction_rates.times is 'Looks and carts since then.';

create function private.enforce_interaction_rate(person uuid, noted bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  this_moment constant timestamptz := clock_timestamp();
  total bigint;
begin
  -- The row is locked to the end of the transaction: requests of one person wait for each other, and for nobody else.
  insert into private.interaction_rates as r (user_id, began_at, times) values (person, this_moment, noted)
  on conflict (user_id) do update
  set (began_at, times) = (
    select case when k.is_running then r.began_at else this_moment end, case when k.is_running then r.times else 0 end + noted
    -- Also when it began after this moment, while this request waited for another one; not when the clock was set back.
    from (
      select r.began_at between this_moment - interval '1 minute' and this_moment + interval '1 minute' as is_running) k)
  returning r.times into total;
  perform private.enforce_limit('interactions_per_minute', total, 'PT429');
end $$;
comment on function private.enforce_interaction_rate(uuid, bigint) is
  'Counts so many looks and carts more in the person''s minute; PT429 beyond the limit. What is refused is not counted. '
  'Definer: nobody writes the counts; called by a trigger, granted to nobody.';

create or replace function private.queue_interactions() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  noted constant bigint := (select count(*) from new_rows n where n.kind <> 'purchase');
begin
  -- Servers with the secret key note for many people.
  if noted > 0 and auth.jwt() ->> 'role' = 'authenticated' then
    perform private.enforce_interaction_rate(auth.uid(), noted);
  end if;
  insert into private.interactions_to_fold (interaction_id)
  select n.id from new_rows n where n.kind = 'purchase';
  return null;
end $$;
comment on function private.queue_interactions() is
  'Statement trigger on interactions: bounds how many looks and carts a person notes, and notes purchases as to be counted. '
  'Definer: nobody else writes those tables.';

create or replace function private.forget_counted() returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  forgotten integer;
begin
  delete from private.counted_interactions c
  where c.key in (
    select o.key from private.counted_interactions o
    where o.counted_at < now() - interval '90 days'
      -- Where the worker is behind, the same may still come.
      and o.day < coalesce((
        select (min(i.created_at) at time zone 'utc')::date - 1
        from public.interactions i
        where i.id = (select min(q.interaction_id) from private.interactions_to_fold q)), (now() at time zone 'utc')::date - 1)
    order by o.counted_at limit 5000);
  get diagnostics forgotten = row_count;
  delete from private.interaction_rates r
  where r.began_at < now() - interval '1 hour'
    and r.user_id in (select o.user_id from private.interaction_rates o where o.began_at < now() - interval '1 hour' limit 5000);
  return forgotten;
end $$;
comment on function private.forget_counted() is
  'Forgets purchases that count next to nothing any more should they be taken back, and rates of minutes that are over. Says '
  'of how many purchases. Definer: as fold_interactions.';

-- Purpose: an order and the payment of another one that has the same products wait in no circle.
--   To change the stock PostgreSQL locks a row as if its key changed, since triggers before the update may change any column
--   and the key that product_popularity follows has a generated one. So it is locked like this from the beginning.
-- Undo: create the four functions again as 20261127170000, 0100, 0200 and 20261124100000 have them.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

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
    for update of p
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

create or replace function private.return_stock(order_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- In the order in which place_order locks them, so that nobody waits in a circle.
  perform p.id
  from public.products p
  where p.id in (select i.product_id from public.order_items i where i.order_id = any (order_ids))
  order by p.id
  for update;
  -- Whoever fills the shelf to the brim meanwhile must not keep an order from being cancelled.
  update public.products p set stock = least(p.stock::bigint + r.quantity, 2147483647)::integer
  from (
    select i.product_id, sum(i.quantity) as quantity
    from public.order_items i where i.order_id = any (order_ids) and i.product_id is not null
    group by i.product_id) r
  where p.id = r.product_id;
end $$;

create or replace function private.note_purchases() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.interactions (user_id, product_id, kind, order_id)
  select new.buyer_id, p.id, 'purchase', new.id
  from public.order_items i join public.products p on p.id = i.product_id
  where i.order_id = new.id
  -- By their ids, as place_order locks them.
  order by p.id
  -- Waits for whoever deletes a product, so that a payment does not fail for it.
  for key share of p;
  return null;
end $$;

create or replace function private.expire_orders(max_orders integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
declare
  placed_before constant timestamptz := now() - private.unpaid_order_interval();
  looked_at integer;
  due uuid[];
  free uuid[];
  ready uuid[];
begin
  -- Whoever pays, cancels, sells or counts at this moment goes first: nothing here waits for a lock. An order that is locked,
  -- or of which any goods are, is left to the next time; where that keeps back the oldest, more are looked at.
  foreach looked_at in array array[max_orders, 10 * max_orders] loop
    due := array(
      select o.id from public.orders o join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
      where o.status = 'pending' and o.withdrawn_at is null and o.created_at < placed_before
        and j.done_at is null and not j.is_sent
      order by o.created_at limit looked_at for no key update of o, j skip locked);
    free := array(
      select p.id from public.products p
      where p.id in (select i.product_id from public.order_items i where i.order_id = any (due))
      order by p.id for update skip locked);
    ready := array(
      select d.id from unnest(due) with ordinality d (id, place)
      where not exists (select from public.order_items i where i.order_id = d.id and i.product_id <> all (free))
      order by d.place limit max_orders);
    exit when ready <> '{}' or cardinality(due) < looked_at;
  end loop;
  if ready <> '{}' then
    perform private.withdraw_pending(ready, 'Not paid in time.');
  end if;
  return cardinality(ready);
end $$;

-- Placing an order: public.place_order and public.purchase.
--
-- All or nothing, at the prices of this moment; the buyer may send the prices that they saw, and pays no more. The
-- buyer's account is locked first, then an advisory lock serializes the orders of one buyer, then the products are
-- locked by id, so that concurrent orders of any products do not deadlock. What the buyer holds in unpaid orders is
-- limited; units are reserved until the order is paid or expires.
--
-- Repeating a request with the same idempotency key returns the first answer and places no second order.

create function private.order_lines(
  items jsonb, out product_ids uuid[], out quantities integer[], out seen_prices numeric[])
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  shape constant text := 'Send [{"product_id": "<uuid>", "quantity": 2}, …]: 1 to 100 products, of each 1 to 10000. '
    'An item may have "unit_price": "9.90", the price that the buyer saw.';
  wrong bigint;
begin
  if coalesce(pg_catalog.jsonb_typeof(items), '') <> 'array' then
    raise sqlstate 'PT422' using message = 'items must be a list', hint = shape;
  end if;
  if pg_catalog.jsonb_array_length(items) not between 1 and 100 then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('items must have 1 to 100 entries, not %s', pg_catalog.jsonb_array_length(items));
  end if;
  -- A case, which evaluates its conditions in order.
  select min(e.place) - 1 into wrong
  from pg_catalog.jsonb_array_elements(items) with ordinality e (item, place)
  where case
    when pg_catalog.jsonb_typeof(e.item) <> 'object' then true
    when e.item - array['product_id', 'quantity', 'unit_price'] <> '{}' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'product_id'), '') <> 'string' then true
    when e.item ->> 'product_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'quantity'), '') <> 'number' then true
    when (e.item ->> 'quantity')::numeric not between 1 and 10000 then true
    when e.item ->> 'unit_price' !~ '^\d{1,10}(\.\d{1,6})?$' then true
    else (e.item ->> 'quantity')::numeric % 1 <> 0
  end;
  if wrong is not null then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format(
        'items[%s] must have exactly product_id, a UUID, and quantity, a whole number from 1 to 10000; and unit_price, '
        'a decimal, if at all', wrong);
  end if;
  select array_agg(l.id order by l.id), array_agg(l.quantity order by l.id), array_agg(l.seen_price order by l.id)
  into product_ids, quantities, seen_prices
  from (
    select (e.item ->> 'product_id')::uuid as id, sum((e.item ->> 'quantity')::numeric)::integer as quantity,
           min((e.item ->> 'unit_price')::numeric) as seen_price
    from pg_catalog.jsonb_array_elements(items) e (item)
    group by 1) l;
  if 10000 < any (quantities) then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('more than 10000 of product %s', product_ids[(
        select q.place from unnest(quantities) with ordinality q (quantity, place)
        where q.quantity > 10000 limit 1)]);
  end if;
end $$;
comment on function private.order_lines is
  'Products, quantities and seen prices of a request, sorted, each product once. Raises PT422 and says what to change.';

create function private.raise_shortage(product_ids uuid[], quantities integer[]) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  short record;
begin
  select p.id, p.name, p.stock, w.quantity into short
  from unnest(product_ids, quantities) w (id, quantity) join public.products p on p.id = w.id
  where p.stock < w.quantity
  order by p.id limit 1;
  -- A product that is not on sale is reported first, by the caller: no smaller quantity helps.
  if short.id is null
    or (select count(*) from public.products p where p.id = any (product_ids) and p.is_active)
      < cardinality(product_ids)
  then
    return;
  end if;
  raise sqlstate 'PT409' using
    message = case short.stock
      when 0 then pg_catalog.format('"%s" is out of stock', short.name)
      else pg_catalog.format('not enough of "%s": %s wanted, %s left', short.name, short.quantity, short.stock) end,
    detail = pg_catalog.jsonb_build_object(
      'product_id', short.id, 'name', short.name, 'requested', short.quantity, 'available', short.stock)::text,
    hint = 'Order no more than available. The key may be used again.';
end $$;
comment on function private.raise_shortage is
  'Raises PT409 for the first product with too little stock, if any. Definer: called by place_order.';

create function private.enforce_order_limits(buyer uuid, product_ids uuid[], quantities integer[]) returns void
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most record;
  held record;
begin
  select private.limit_of('open_orders') as orders, private.limit_of('orders_per_hour') as orders_per_hour,
         private.limit_of('reserved_units') as units, private.limit_of('reserved_units_of_product') as units_of_product
  into most;
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
    perform private.enforce_unpaid_units(buyer, (select sum(q.n) from unnest(quantities) q (n)));
    return;
  end if;
  -- Staff may write the stock anyway.
  if private.is_staff() then
    return;
  end if;
  if held.orders > most.orders then
    perform private.raise_order_limit('open_orders', held.orders, null);
  elsif held.units_of_product > most.units_of_product then
    perform private.raise_order_limit('reserved_units_of_product', held.units_of_product::bigint, held.product_id);
  elsif held.units > most.units then
    perform private.raise_order_limit('reserved_units', held.units::bigint, null);
  end if;
  perform private.enforce_limit('orders_per_hour', held.orders_per_hour, 'PT429');
end $$;
comment on function private.enforce_order_limits is
  'Refuses an order that would exceed the buyer''s limits on unpaid orders, reserved units, or orders per hour; not '
  'for staff. Definer: called by place_order under the buyer''s lock.';

create function private.lock_products(
  product_ids uuid[], quantities integer[], out currency text, out total numeric)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  sums record;
begin
  -- Everybody locks products by id, so that there is no deadlock; what is read is the state under the lock.
  with locked as materialized (
    select p.id, p.price, p.currency, p.stock, p.is_active, w.quantity
    from unnest(product_ids, quantities) w (id, quantity)
    join public.products p on p.id = w.id
    order by p.id
    for update of p
  )
  select coalesce(array_agg(l.id) filter (where l.is_active), '{}') as ids,
         min(l.currency) as currency, max(l.currency) as other_currency,
         sum(l.price * l.quantity) as total,
         bool_or(l.stock < l.quantity) as is_short
  into sums
  from locked l;
  if cardinality(sums.ids) < cardinality(product_ids) then
    raise sqlstate 'PT404' using
      message = format('product %s is not on sale', (
        select min(w.id::text) from unnest(product_ids) w (id) where w.id <> all (sums.ids))),
      hint = 'Take it off the order.';
  end if;
  if sums.currency <> sums.other_currency then
    raise sqlstate 'PT422' using
      message = format('an order has one currency, not %s and %s', sums.currency, sums.other_currency),
      hint = 'Place an order for each currency.';
  end if;
  if sums.total >= 1000000000000 then
    raise sqlstate 'PT422' using message = 'the total is too large', hint = 'Place several orders.';
  end if;
  if sums.is_short then
    perform private.raise_shortage(product_ids, quantities);
  end if;
  currency := sums.currency;
  total := private.amount(sums.total, sums.currency);
end $$;
comment on function private.lock_products is
  'Locks the products of an order, raises an error unless all can be sold together, and returns what they cost. '
  'Definer: called by place_order.';

create function private.write_order(
  buyer uuid, currency text, total numeric, product_ids uuid[], quantities integer[], out placed public.orders,
  out items jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.orders (buyer_id, currency, total)
  values (buyer, write_order.currency, write_order.total) returning * into placed;
  with taken as (
    update public.products p set stock = p.stock - w.quantity
    from unnest(product_ids, quantities) with ordinality w (id, quantity, position)
    where p.id = w.id
    returning w.position, p.id, p.sku, p.name, p.price, w.quantity
  ), written as (
    insert into public.order_items as i (order_id, position, product_id, sku, name, unit_price, quantity)
    select placed.id, t.position, t.id, t.sku, t.name, private.amount(t.price, write_order.currency), t.quantity
    from taken t
    returning i
  )
  select jsonb_agg(private.order_item_json(w.i) order by (w.i).position) into items from written w;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id)
  values (placed.id, 'charge', placed.total, placed.currency, buyer);
end $$;
comment on function private.write_order is
  'Writes an order, its lines and its charge, and takes the units from the stock. Definer: called by place_order, '
  'which has locked the products.';

create function private.require_seen_prices(
  answer jsonb, is_placed boolean, lines record, expected_total numeric, expected_currency text)
returns void
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  total constant numeric := answer ->> 'total';
  currency constant text := answer ->> 'currency';
  objection constant text := case
    when currency <> expected_currency then format('the order is in %s, not in %s', currency, expected_currency)
    when total > expected_total then format('the order costs %s %s, not %s', total, currency, expected_total)
    else (
      select format('"%s" costs %s %s, not %s', i.line ->> 'name', i.line ->> 'unit_price', currency, s.price)
      from jsonb_array_elements(answer -> 'items') i (line)
      join unnest(lines.product_ids, lines.seen_prices) s (id, price) on s.id = (i.line ->> 'product_id')::uuid
      where (i.line ->> 'unit_price')::numeric > s.price
      limit 1) end;
begin
  if objection is not null then
    raise sqlstate 'PT409' using message = objection,
      detail = case when is_placed then answer
        else jsonb_build_object('total', total, 'currency', currency, 'items', answer -> 'items') end::text,
      hint = case when is_placed then 'It was placed before with this idempotency_key: show it, or cancel it.'
        else 'Show the new prices, and send the order again with them. The key may be used again.' end;
  end if;
end $$;
comment on function private.require_seen_prices is
  'Raises PT409 with the order''s numbers when it costs more than the buyer saw, or is in another currency. What was '
  'not sent is not compared. Called by place_order, which undoes the order then.';

create function private.place_order(
  items jsonb, idempotency_key text, expected_total numeric, expected_currency text)
returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  buyer constant uuid := auth.uid();
  lines constant record := private.order_lines(items);
  request_hash bytea;
  cost record;
  written record;
  answer jsonb;
begin
  -- Before the products, as closing the account locks them. An account that is closed meanwhile places no order.
  perform from auth.users u where u.id = buyer and u.deleted_at is null for share;
  if not found then
    raise sqlstate 'PT403' using message = 'only a person with an account can order',
      hint = 'Sign in, and send the token.';
  end if;
  if idempotency_key is null or char_length(idempotency_key) not between 1 and 255 then
    raise sqlstate 'PT422' using message = 'idempotency_key must have 1 to 255 characters',
      hint = 'Make a new UUID for each order, and send the same one when you send the order again.';
  end if;
  if not (expected_total > 0 and expected_total < 'Infinity') then
    raise sqlstate 'PT422' using message = 'expected_total must be the total that the buyer saw, above 0';
  end if;
  request_hash := sha256(convert_to(row(lines.product_ids, lines.quantities)::text, 'UTF8'));

  -- A second request of the buyer waits here: with the same key it then finds the answer, with another one it finds
  -- what the first one reserved.
  perform pg_advisory_xact_lock(hashtextextended(buyer::text, 0));
  answer := private.answer_to_key(buyer, idempotency_key, request_hash);
  if answer is not null then
    perform private.require_seen_prices(answer, true, lines, expected_total, expected_currency);
    return answer;
  end if;
  perform private.enforce_order_limits(buyer, lines.product_ids, lines.quantities);
  -- Checked without locks first, so that requests for something sold out do not wait for each other.
  perform private.raise_shortage(lines.product_ids, lines.quantities);

  cost := private.lock_products(lines.product_ids, lines.quantities);
  written := private.write_order(buyer, cost.currency, cost.total, lines.product_ids, lines.quantities);
  answer := private.order_json(written.placed, written.items);
  perform private.require_seen_prices(answer, false, lines, expected_total, expected_currency);
  insert into private.order_requests (buyer_id, idempotency_key, request_hash, response, order_id)
  values (buyer, idempotency_key, request_hash, answer, (written.placed).id);
  return answer;
end $$;
comment on function private.place_order is 'See public.place_order. Definer: writes orders and the stock.';
grant execute on function private.place_order to authenticated;

create function public.place_order(
  items jsonb, idempotency_key text default null, expected_total numeric default null,
  expected_currency text default null)
returns jsonb
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.require_open_account();
  return private.place_order(items, idempotency_key, expected_total, expected_currency);
exception when deadlock_detected then
  -- With a statement of staff that changes several products in another order.
  raise sqlstate 'PT503' using message = 'the same products were changed at this moment',
    hint = 'Send the order again, with the same key.';
end $$;
comment on function public.place_order is
  'Buys items, [{"product_id": …, "quantity": …}, …], all or nothing, at the prices of this moment. Returns the order '
  'with its lines and until when it may be paid. expected_total and expected_currency, or unit_price in an item, are '
  'what the buyer saw: 409 with total, currency and items as details when the order would cost more. The same key '
  'returns the same answer and places no second order; with other items it is a conflict (409). 409 with product_id, '
  'name, requested and available as details when there is too little; 404 when something is not on sale; 422 when the '
  'request must be changed; 403 and 429 with limit, allowed and actual as details when the buyer has too much unpaid '
  'or orders too often.';
grant execute on function public.place_order to authenticated;

create function public.purchase(
  product_id uuid, quantity integer default 1, idempotency_key text default null, expected_total numeric default null,
  expected_currency text default null)
returns jsonb
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.require_open_account();
  return public.place_order(
    pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('product_id', product_id, 'quantity', quantity)),
    idempotency_key, expected_total, expected_currency);
end $$;
comment on function public.purchase is 'place_order for one product.';
grant execute on function public.purchase to authenticated;

-- Purpose: place_order and purchase: all or nothing, never more than there is, the same key gives the same answer.
-- Undo: drop the functions below; drop table private.order_requests.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.order_requests (
  buyer_id uuid references auth.users (id) on delete cascade,
  idempotency_key text check (char_length(idempotency_key) between 1 and 255),
  request_hash bytea not null,
  response jsonb not null,
  order_id uuid not null unique references public.orders (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (buyer_id, idempotency_key)
);
alter table private.order_requests enable row level security;
alter table private.order_requests force row level security;
create policy "functions alone use it" on private.order_requests for all to anon, authenticated using (false);

comment on table private.order_requests is
  'Answers to requests that made an order, to be given again. Kept as long as the account and the order: a key never '
  'makes a second order, however late it is repeated.';
comment on column private.order_requests.buyer_id is 'Whose key it is.';
comment on column private.order_requests.idempotency_key is 'The key, 1 to 255 characters.';
comment on column private.order_requests.request_hash is 'SHA-256 of products and quantities, sorted and summed.';
comment on column private.order_requests.response is 'The answer, to the letter.';
comment on column private.order_requests.order_id is 'The order.';
comment on column private.order_requests.created_at is 'When it was made.';

create function private.order_lines(items jsonb, out product_ids uuid[], out quantities integer[])
language plpgsql immutable security invoker set search_path = ''
as $$
declare
  shape constant text := 'Send [{"product_id": "<uuid>", "quantity": 2}, …]: 1 to 100 products, of each 1 to 10000.';
  wrong bigint;
begin
  if coalesce(pg_catalog.jsonb_typeof(items), '') <> 'array' then
    raise sqlstate 'PT422' using message = 'items must be a list', hint = shape;
  end if;
  if pg_catalog.jsonb_array_length(items) not between 1 and 100 then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('items must have 1 to 100 entries, not %s', pg_catalog.jsonb_array_length(items));
  end if;
  -- Only a case is sure to ask one thing after the other.
  select min(e.place) - 1 into wrong
  from pg_catalog.jsonb_array_elements(items) with ordinality e (item, place)
  where case
    when pg_catalog.jsonb_typeof(e.item) <> 'object' then true
    when e.item - array['product_id', 'quantity'] <> '{}' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'product_id'), '') <> 'string' then true
    when e.item ->> 'product_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'quantity'), '') <> 'number' then true
    when (e.item ->> 'quantity')::numeric not between 1 and 10000 then true
    else (e.item ->> 'quantity')::numeric % 1 <> 0
  end;
  if wrong is not null then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format(
        'items[%s] must have exactly product_id, a UUID, and quantity, a whole number from 1 to 10000', wrong);
  end if;
  select array_agg(l.id order by l.id), array_agg(l.quantity order by l.id)
  into product_ids, quantities
  from (
    select (e.item ->> 'product_id')::uuid as id, sum((e.item ->> 'quantity')::numeric)::integer as quantity
    from pg_catalog.jsonb_array_elements(items) e (item)
    group by 1) l;
  if 10000 < any (quantities) then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('more than 10000 of product %s', product_ids[(
        select q.place from unnest(quantities) with ordinality q (quantity, place)
        where q.quantity > 10000 limit 1)]);
  end if;
end $$;
comment on function private.order_lines(jsonb) is
  'Products and quantities of a request, sorted, each product once. PT422 that says what to change.';

create function private.refuse_shortage(product_ids uuid[], quantities integer[]) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
  short record;
begin
  select p.id, p.name, p.stock, w.quantity into short
  from unnest(product_ids, quantities) w (id, quantity) join public.products p on p.id = w.id
  where p.stock < w.quantity
  order by p.id limit 1;
  -- That something is not on sale is said first: no smaller quantity helps.
  if short.id is null or (
    select count(*) from public.products p where p.id = any (product_ids) and p.is_active) < pg_catalog.cardinality(product_ids)
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
comment on function private.refuse_shortage(uuid[], integer[]) is
  'PT409 for the first product of which there is too little. Definer: called by place_order alone; granted to nobody.';

create function private.place_order(items jsonb, idempotency_key text) returns jsonb
language plpgsql volatile security definer set search_path = ''
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

  -- A second request with the key waits here for the first, and then finds its answer.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(buyer || ' ' || idempotency_key, 0));
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
comment on function private.place_order(jsonb, text) is
  'As public.place_order. Definer: buyers write neither orders nor the stock.';

create function public.place_order(items jsonb, idempotency_key text default null) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.place_order(items, idempotency_key);
exception when deadlock_detected then
  -- With whoever changes several products in another order than that of their ids: staff, in one statement.
  raise sqlstate 'PT503' using message = 'the same products were changed at this moment',
    hint = 'Send the order again, with the same key.';
end $$;
comment on function public.place_order(jsonb, text) is
  'Buys items, [{"product_id": …, "quantity": …}, …], all or nothing, at the prices of this moment; the order with its '
  'lines. The same key gives the same answer again and no second order; with other items it is a conflict (409). 409 with '
  'product_id, name, requested and available as details when there is not enough; 404 for what is not on sale; 422 for '
  'what must be put otherwise.';

create function public.purchase(product_id uuid, quantity integer default 1, idempotency_key text default null) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return public.place_order(
    pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('product_id', product_id, 'quantity', quantity)),
    idempotency_key);
end $$;
comment on function public.purchase(uuid, integer, text) is 'place_order of one product.';

grant execute on function private.place_order(jsonb, text) to authenticated;
grant execute on function public.place_order(jsonb, text), public.purchase(uuid, integer, text) to authenticated;

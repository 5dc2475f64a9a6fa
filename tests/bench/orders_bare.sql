\set b random(1, 10000)
\set p random(1, :products)
begin;
select from public.products where id = md5('product' || :p)::uuid and stock >= 1 for no key update;
with o as (
  insert into public.orders (buyer_id, currency, total)
  select md5('buyer' || :b)::uuid, currency, price from public.products where id = md5('product' || :p)::uuid
  returning id, total
), j as (
  insert into private.payment_jobs (order_id, kind, amount, currency) select id, 'charge', total, 'EUR' from o
), r as (
  insert into private.order_requests (buyer_id, idempotency_key, request_hash, response, order_id)
  select md5('buyer' || :b)::uuid, gen_random_uuid(), '', '{}', id from o
)
insert into public.order_items (order_id, position, product_id, sku, name, unit_price, quantity)
select o.id, 1, p.id, p.sku, p.name, p.price, 1 from o, public.products p where p.id = md5('product' || :p)::uuid;
update public.products set stock = stock - 1 where id = md5('product' || :p)::uuid;
commit;

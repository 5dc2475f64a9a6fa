-- 10,000 buyers and 10,000 products that never run out, with ids that pgbench can compute.
insert into auth.users (id, email, raw_app_meta_data, raw_user_meta_data)
select md5('buyer' || n)::uuid, 'buyer' || n || '@example.org', '{}', '{}' from generate_series(1, 10000) n;
insert into public.categories (id, slug, name) values (md5('shelf')::uuid, 'shelf', 'Shelf');
insert into public.products (id, category_id, sku, name, description, price, stock)
select md5('product' || n)::uuid, md5('shelf')::uuid, 'P-' || n, 'Product ' || n, repeat('A line of text. ', 20), 1 + n % 90, 100000000
from generate_series(1, 10000) n;
-- Nothing that is measured is paid, so that a few people hold more than they may: the limits are looked at, never reached.
update private.limits set allowed = 1000000000
where name in ('open_orders', 'reserved_units', 'reserved_units_of_product', 'orders_per_hour');

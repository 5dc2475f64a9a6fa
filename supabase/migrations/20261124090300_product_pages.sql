-- Purpose: pages of products by price, time and name, in the whole shop and in a category, each from an index.
-- Undo: drop the indexes below; create index products_category_id_idx on public.products (category_id, price);
-- squawk-ignore-file require-concurrent-index-deletion
set local lock_timeout = '10s';
set local statement_timeout = '120s';

create index products_price_cents_idx on public.products (price_cents, id);
create index products_created_at_idx on public.products (created_at, id);
create index products_name_idx on public.products (name, id);
create index products_category_id_price_cents_idx on public.products (category_id, price_cents, id);
create index products_category_id_created_at_idx on public.products (category_id, created_at, id);
create index products_category_id_name_idx on public.products (category_id, name, id);
-- For `order=price`, which clients ask for first: no sorting, though a later page reads those before it.
create index products_price_idx on public.products (price, id);
create index products_category_id_price_idx on public.products (category_id, price, id);
drop index public.products_category_id_idx;

-- Purpose: the rules of products hold for the rows from before as well, and the keys that they replace go.
-- Undo: alter table public.products add foreign key (category_id) references public.categories (id) on delete restrict;
-- squawk-ignore-file ban-drop-constraint
set local lock_timeout = '10s';
set local statement_timeout = '120s';

alter table public.products validate constraint products_currency_fkey;
alter table public.products validate constraint products_name_blank_check;
alter table public.products validate constraint products_price_range_check;
alter table public.products validate constraint products_category_fkey;
alter table public.products drop constraint products_category_id_fkey;

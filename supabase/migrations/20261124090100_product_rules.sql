-- Purpose: names that say something, prices that are numbers, and the same answer everywhere when a category is in use.
-- Undo: alter table public.products drop constraint products_name_blank_check, products_price_range_check,
--   products_category_fkey, drop column price_cents.
-- squawk-ignore-file adding-field-with-default
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- The article number is the only name such a product ever had.
update public.products set name = sku
where name !~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]';

alter table public.products
  -- All of Unicode's white space, spelt out: what \s means depends on the locale of the database.
  add constraint products_name_blank_check
    check (name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]') not valid,
  -- NaN counts as more than any number: price > 0 alone lets it in.
  add constraint products_price_range_check check (price > 0 and price < 10000000000) not valid,
  -- As the key it takes the place of, but without `restrict`: PostgreSQL 18 gave that refusal a code of its own, which the
  -- Data API answers with 400 instead of 409.
  add constraint products_category_fkey foreign key (category_id) references public.categories (id) not valid;
comment on column public.products.name is 'Name, 1 to 200 characters, not all of them white space.';
comment on column public.products.price is
  'Exact decimal above zero and below ten thousand million, with the decimals of its currency, at most two.';
comment on column public.products.currency is 'ISO 4217 code of the table currencies.';

-- Comparisons of numeric are not leakproof, so that under row level security no index answers `price > …`: a page far
-- down the list would read all before it. Those of bigint are.
-- Written for every row at once: a catalogue is small, and a derived column cannot be forgotten.
alter table public.products
  add column price_cents bigint not null generated always as ((price * 100)::bigint) stored;
comment on column public.products.price_cents is
  'Derived: the price in hundredths, for pages and ranges by price that an index answers.';

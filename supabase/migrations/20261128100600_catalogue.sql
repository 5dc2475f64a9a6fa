-- Currencies, categories and products.
--
-- Everybody reads active products; staff write. Prices are exact decimals. A price with more decimals than its currency
-- has is refused instead of rounded.

create table public.currencies (
  code text primary key check (code ~ '^[A-Z]{3}$'),
  minor_digits smallint not null check (minor_digits between 0 and 4)
);
alter table public.currencies enable row level security, force row level security;

comment on table public.currencies is 'Currencies of prices: those of ISO 4217 without funds, metals and test codes.';
comment on column public.currencies.code is 'ISO 4217 code.';
comment on column public.currencies.minor_digits is 'Decimals of an amount by ISO 4217: 2 for EUR, 0 for JPY.';

grant select (code, minor_digits) on public.currencies to anon, authenticated;
grant select, insert, update, delete on public.currencies to service_role;

create policy "everybody reads currencies" on public.currencies
  for select to anon, authenticated using (true);
select private.refuse_closed_accounts('public.currencies');

insert into public.currencies (code, minor_digits)
select c.code, l.minor_digits
from (values
  (0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'),
  (2, 'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC '
   || 'CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD '
   || 'KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO '
   || 'NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL '
   || 'THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'),
  (3, 'BHD IQD JOD KWD LYD OMR TND')) l (minor_digits, codes)
cross join lateral regexp_split_to_table(l.codes, ' ') c (code);

create function private.amount(number numeric, currency text) returns numeric
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select round(number, (select c.minor_digits from public.currencies c where c.code = currency)) $$;
comment on function private.amount is
  'An amount with the decimals of its currency: 4500 JPY, 1.250 KWD. Definer: called by functions that may not read '
  'currencies; granted to nobody.';

create table public.categories (
  id uuid
    constraint "id of a category is unique" primary key
    default gen_random_uuid(),
  slug text not null
    constraint "slug of a category is unique" unique
    constraint "slug has a-z, 0-9 and single hyphens, at most 63 characters" check (
      slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 63),
  name text not null
    constraint "name has 1 to 200 characters" check (char_length(name) between 1 and 200),
  description text not null default ''
    constraint "description has at most 2,000 characters" check (char_length(description) <= 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.categories enable row level security, force row level security;

comment on table public.categories is 'Categories of products.';
comment on column public.categories.id is 'The category.';
comment on column public.categories.slug is 'Short name in addresses and filters.';
comment on column public.categories.name is 'Name shown to people.';
comment on column public.categories.description is 'One or two sentences.';
comment on column public.categories.created_at is 'When it was made.';
comment on column public.categories.updated_at is 'Last change.';

grant select (id, slug, name, description, created_at, updated_at) on public.categories to anon, authenticated;
grant insert (id, slug, name, description) on public.categories to authenticated;
grant update (id, slug, name, description) on public.categories to authenticated;
grant delete on public.categories to authenticated;
grant select, insert, update, delete on public.categories to service_role;

create policy "everybody reads categories" on public.categories
  for select to anon, authenticated using (true);
create policy "staff add categories" on public.categories
  for insert to authenticated with check ((select private.is_staff()));
create policy "staff change categories" on public.categories
  for update to authenticated using ((select private.is_staff())) with check ((select private.is_staff()));
create policy "staff delete categories" on public.categories
  for delete to authenticated using ((select private.is_staff()));
select private.refuse_closed_accounts('public.categories');

create trigger forbid_key_change before update on public.categories
  for each row when (old.id <> new.id) execute function private.forbid_key_change();
create trigger touch_updated_at before update on public.categories
  for each row execute function private.touch_updated_at();

create table public.products (
  id uuid
    constraint "id of a product is unique" primary key
    default gen_random_uuid(),
  -- Not `on delete restrict`: since PostgreSQL 18 it raises another SQLSTATE, to which the Data API answers 400, not
  -- 409.
  category_id uuid not null
    constraint products_category_fkey references public.categories (id),
  sku text not null
    constraint "sku of a product is unique" unique
    constraint "sku has A-Z, 0-9 and single hyphens, at most 40 characters" check (
      sku ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' and char_length(sku) <= 40),
  -- Unicode's white space, spelt out, since \s depends on the locale of the database.
  name text not null
    constraint "name has 1 to 200 characters" check (char_length(name) between 1 and 200)
    constraint "name is not all white space" check (
      name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'),
  description text not null default ''
    constraint "description has at most 20,000 characters" check (char_length(description) <= 20000),
  -- Not numeric(12, 2), which rounds before a check or trigger sees the number: 19.999 to 20.00, 0.005 to 0.01.
  -- PostgreSQL sorts NaN above all numbers, so price > 0 alone would accept it.
  price numeric not null
    constraint "price is above 0" check (price > 0)
    constraint "price is above 0 and below 10,000,000,000" check (price > 0 and price < 10000000000),
  -- For keyset pages and price ranges. Comparisons of bigint are leakproof, so that an index serves them under row
  -- level security; those of numeric are not.
  price_cents bigint not null generated always as ((price * 100)::bigint) stored,
  currency text not null default 'EUR'
    references public.currencies (code)
    constraint "currency is a code of 3 capital letters, such as EUR" check (currency ~ '^[A-Z]{3}$'),
  stock integer not null default 0
    constraint "stock is 0 or more" check (stock >= 0),
  is_in_stock boolean not null generated always as (stock > 0) stored,
  is_active boolean not null default true,
  language text not null default 'en'
    constraint "language is a BCP 47 tag, such as en or pt-BR" check (language ~ '^[a-z]{2,3}(-[[:alnum:]]{1,8})*$'),
  metadata jsonb not null default '{}'
    constraint "a number in metadata is one that a double can hold" check (private.json_has_doubles(metadata))
    constraint "lists in metadata hold at most 256 values together" check (private.json_list_values(metadata) <= 256)
    constraint "metadata is a JSON object of at most 16,384 bytes" check (
      case when jsonb_typeof(metadata) = 'object' and private.json_is_short(metadata)
        then octet_length(metadata::text) <= 16384 else false end)
    constraint "metadata nests at most 16 levels" check (not jsonb_path_exists(metadata, 'strict $.**{16}.**{1}')),
  scope_id uuid not null generated always as (
    case when is_active then '00000000-0000-0000-0000-000000000001'::uuid
         else '00000000-0000-0000-0000-000000000002'::uuid end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, scope_id),
  unique (id, scope_id, category_id)
);
create index products_is_active_idx on public.products (is_active);
create index products_sku_key_idx on public.products
  ((upper(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) collate "C"));
create index products_currency_idx on public.products (currency);
create index products_price_cents_idx on public.products (price_cents, id);
create index products_created_at_idx on public.products (created_at, id);
create index products_name_idx on public.products (name, id);
create index products_category_id_price_cents_idx on public.products (category_id, price_cents, id);
create index products_category_id_created_at_idx on public.products (category_id, created_at, id);
create index products_category_id_name_idx on public.products (category_id, name, id);
-- For `order=price`, which clients try first. It saves sorting, but a later page reads those before it.
create index products_price_idx on public.products (price, id);
create index products_category_id_price_idx on public.products (category_id, price, id);
alter table public.products enable row level security, force row level security;

comment on table public.products is 'Products. Everybody reads active ones; staff write.';
comment on column public.products.id is 'The product.';
comment on column public.products.category_id is 'Its category.';
comment on column public.products.sku is 'Stock-keeping unit: capitals, digits, hyphens.';
comment on column public.products.name is 'Name, 1 to 200 characters, not all of them white space.';
comment on column public.products.description is 'Plain text; searched by meaning and by words.';
comment on column public.products.price is
  'Exact decimal above 0 and below 10,000,000,000, with the decimals of its currency.';
comment on column public.products.price_cents is
  'Derived: the price in hundredths, rounded, for pages and ranges by price that an index serves.';
comment on column public.products.currency is 'ISO 4217 code of the table currencies.';
comment on column public.products.stock is 'Units on hand, never negative.';
comment on column public.products.is_in_stock is 'Derived: stock above zero.';
comment on column public.products.is_active is 'Whether the public sees it.';
comment on column public.products.language is
  'BCP 47 tag of the text, for stemming. Names are too short to detect it.';
comment on column public.products.metadata is 'Anything else: brand, weight, colours.';
comment on column public.products.scope_id is 'Derived: the shop (…1), or staff (…2) when it is not active.';
comment on column public.products.created_at is 'When it was made.';
comment on column public.products.updated_at is 'Last change.';

grant select (
  id, category_id, sku, name, description, price, price_cents, currency, stock, is_in_stock, is_active, language,
  metadata, scope_id, created_at, updated_at)
  on public.products to anon, authenticated;
grant insert (
  id, category_id, sku, name, description, price, currency, stock, is_active, language, metadata)
  on public.products to authenticated;
grant update (
  id, category_id, sku, name, description, price, currency, stock, is_active, language, metadata)
  on public.products to authenticated;
grant delete on public.products to authenticated;
grant select, insert, update, delete on public.products to service_role;
grant select on public.products to tidegate_worker;
grant update (updated_at) on public.products to tidegate_worker;

create policy "visitors read active products" on public.products
  for select to anon using (is_active);
create policy "people read active products, staff read all" on public.products
  for select to authenticated using (is_active or (select private.is_staff()));
create policy "staff add products" on public.products
  for insert to authenticated with check ((select private.is_staff()));
create policy "staff change products" on public.products
  for update to authenticated using ((select private.is_staff())) with check ((select private.is_staff()));
create policy "staff delete products" on public.products
  for delete to authenticated using ((select private.is_staff()));
select private.refuse_closed_accounts('public.products');

create trigger forbid_key_change before update on public.products
  for each row when (old.id <> new.id) execute function private.forbid_key_change();
create trigger touch_updated_at before update on public.products
  for each row execute function private.touch_updated_at();

create function private.require_exact_price() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  digits constant integer := (select c.minor_digits from public.currencies c where c.code = new.currency);
begin
  if digits is null then
    raise exception '% is no currency that prices can be in', new.currency
      using errcode = 'check_violation', hint = 'The table currencies lists those there are.';
  end if;
  -- Also refuses NaN and infinities.
  if not (new.price > 0 and new.price < 10000000000) then
    raise exception 'a price is above 0 and below 10,000,000,000' using errcode = 'check_violation';
  end if;
  if scale(trim_scale(new.price)) > digits then
    raise exception 'a price in % has at most % decimals', new.currency, digits using errcode = 'check_violation';
  end if;
  new.price := round(new.price, digits);
  return new;
end $$;
comment on function private.require_exact_price is
  'Row trigger: refuses a price with more decimals than its currency has, and stores each with them: 19.90 EUR, 4500 '
  'JPY, 1.250 KWD.';

create trigger require_exact_price before insert or update of price, currency on public.products
  for each row execute function private.require_exact_price();

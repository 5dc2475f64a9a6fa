-- Purpose: categories and products.
-- Undo: drop table public.products, public.categories;
set local lock_timeout = '10s';

create table public.categories (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 63),
  name text not null check (char_length(name) between 1 and 200),
  description text not null default '' check (char_length(description) <= 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
alter table public.categories enable row level security;
alter table public.categories force row level security;

comment on table public.categories is 'Shelves of the catalogue.';
comment on column public.categories.id is 'The category.';
comment on column public.categories.slug is 'Short name in addresses and filters.';
comment on column public.categories.name is 'Name shown to people.';
comment on column public.categories.description is 'One or two sentences.';
comment on column public.categories.created_at is 'When it was made.';
comment on column public.categories.updated_at is 'Last change.';

create table public.products (
  id uuid primary key default gen_random_uuid(),
  category_id uuid not null references public.categories (id) on delete restrict,
  sku text not null unique check (sku ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' and char_length(sku) <= 40),
  name text not null check (char_length(name) between 1 and 200),
  description text not null default '' check (char_length(description) <= 20000),
  price numeric(12, 2) not null check (price > 0),
  currency text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
  stock integer not null default 0 check (stock >= 0),
  is_in_stock boolean not null generated always as (stock > 0) stored,
  is_active boolean not null default true,
  language text not null default 'en' check (language ~ '^[a-z]{2,3}$'),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 65536),
  scope_id uuid not null generated always as (
    case when is_active then '00000000-0000-0000-0000-000000000001'::uuid
         else '00000000-0000-0000-0000-000000000002'::uuid end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, scope_id)
);
create index products_category_id_idx on public.products (category_id, price);
create index products_is_active_idx on public.products (is_active);
alter table public.products enable row level security;
alter table public.products force row level security;

comment on table public.products is 'What is sold. Everybody reads what is active; staff write.';
comment on column public.products.id is 'The product.';
comment on column public.products.category_id is 'Its shelf.';
comment on column public.products.sku is 'Stock-keeping unit: capitals, digits, hyphens.';
comment on column public.products.name is 'Name, 1 to 200 characters.';
comment on column public.products.description is 'Plain text; searched by meaning and by words.';
comment on column public.products.price is 'Exact decimal, above zero.';
comment on column public.products.currency is 'ISO 4217 code.';
comment on column public.products.stock is 'Units on hand, never negative.';
comment on column public.products.is_in_stock is 'Derived: stock above zero.';
comment on column public.products.is_active is 'Whether the public sees it.';
comment on column public.products.language is 'ISO 639 code of the text, for stemming.';
comment on column public.products.metadata is 'Anything else: brand, weight, colours.';
comment on column public.products.scope_id is 'Derived audience: the shop window (…1), or staff (…2) when not active.';
comment on column public.products.created_at is 'When it was made.';
comment on column public.products.updated_at is 'Last change.';

grant select on public.categories to anon, authenticated;
grant insert (id, slug, name, description), update (id, slug, name, description), delete on public.categories to authenticated;
grant select, insert, update, delete on public.categories to service_role;

create policy "everybody reads categories" on public.categories
  for select to anon, authenticated using (true);
create policy "staff add categories" on public.categories
  for insert to authenticated with check ((select private.is_staff()));
create policy "staff change categories" on public.categories
  for update to authenticated using ((select private.is_staff())) with check ((select private.is_staff()));
create policy "staff delete categories" on public.categories
  for delete to authenticated using ((select private.is_staff()));

grant select on public.products to anon, authenticated;
grant insert (id, category_id, sku, name, description, price, currency, stock, is_active, language, metadata),
      update (id, category_id, sku, name, description, price, currency, stock, is_active, language, metadata),
      delete on public.products to authenticated;
grant select, insert, update, delete on public.products to service_role;

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

create trigger keep_key before update on public.categories
  for each row when (old.id <> new.id) execute function private.keep_key();
create trigger keep_key before update on public.products
  for each row when (old.id <> new.id) execute function private.keep_key();
create trigger touch_updated_at before update on public.categories
  for each row execute function private.touch_updated_at();
create trigger touch_updated_at before update on public.products
  for each row execute function private.touch_updated_at();

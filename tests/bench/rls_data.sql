-- Two thousand organizations. Those numbered 1 to 4 have one reader each, who sees 30, 300, 3,000 and 20,000 documents,
-- products, people and shares of theirs; the others fill the tables with rows that no reader sees.
-- Run as the superuser; triggers and foreign keys rest meanwhile, since everything here is consistent.
set session_replication_role = replica;

create function pg_temp.id(kind text, number bigint) returns uuid language sql immutable
as $$ select md5(kind || number)::uuid $$;
create temporary table sizes (n integer, rows integer);
insert into sizes values (1, 30), (2, 300), (3, 3000), (4, 20000);

insert into auth.users (id, email, raw_app_meta_data, raw_user_meta_data)
  select pg_temp.id('person', g), g || '@example.org', '{}', '{}' from generate_series(1, 60000) g;
insert into public.profiles (id, display_name) select id, email from auth.users;
insert into public.organizations (id, name, slug)
  select pg_temp.id('organization', g), 'Organization ' || g, 'organization-' || g from generate_series(1, 2000) g;

-- Readers 1 to 4 edit their organization; everybody else is somewhere.
insert into public.memberships (organization_id, user_id, role)
  select pg_temp.id('organization', n), pg_temp.id('person', n), 'editor'::public.membership_role from sizes
  union all
  select pg_temp.id('organization', s.n), pg_temp.id('person', 1000 + s.rows + g), 'viewer'
  from sizes s, generate_series(2, s.rows) g
  union all
  select pg_temp.id('organization', 5 + g % 1995), pg_temp.id('person', 50000 + g % 10000), 'owner'
  from generate_series(1, 10000) g;

insert into public.documents (id, owner_id, organization_id, visibility, title, content, status)
  select pg_temp.id('document ' || s.n || ' ', g), pg_temp.id('person', s.n), pg_temp.id('organization', s.n),
         'organization'::public.document_visibility, 'Title ' || g, repeat('some words ', 40), 'ready'::public.document_status
  from sizes s, generate_series(1, s.rows) g
  union all
  select pg_temp.id('other ', g), pg_temp.id('person', 50000 + g % 10000), pg_temp.id('organization', 5 + g % 1995),
         'organization', 'Title ' || g, repeat('some words ', 40), 'ready'
  from generate_series(1, 120000) g;
-- A fifth of the readers' documents is shared with somebody, and a tenth of the others'.
insert into public.document_shares (document_id, user_id)
  select pg_temp.id('document ' || s.n || ' ', g), pg_temp.id('person', 50000 + g) from sizes s, generate_series(1, s.rows, 5) g
  union all
  select pg_temp.id('other ', g), pg_temp.id('person', 50000 + g % 10000) from generate_series(1, 120000, 10) g;
insert into public.chunks (document_id, scope_id, position, title, content, start_offset, end_offset, token_count, language, input_hash)
  select d.id, d.scope_id, 0, d.title, d.content, 0, 0, 80, 'en', '' from public.documents d;
insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)
  select c.id, 1, c.source_id, c.scope_id,
         (select array_agg(sin(c.id * i))::real[]::extensions.halfvec from generate_series(1, 384) i)
  from public.chunks c;
insert into public.categories (id, slug, name)
  select pg_temp.id('category', g), 'category-' || g, 'Category ' || g from generate_series(1, 20) g;
insert into public.products (category_id, sku, name, price, stock, is_active)
  select pg_temp.id('category', 1 + g % 20), 'SKU-' || g, 'Product ' || g, 1 + g % 100, g % 7, g % 10 <> 0
  from generate_series(1, 60000) g;

set session_replication_role = origin;

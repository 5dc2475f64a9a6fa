-- Reading by id: one document or product with its text, and the caller's own orders.
--
-- Clients of the Data API read the tables. These functions are for the gateway's MCP server: a model reads on in what a
-- search found, and looks up orders. Each is one statement, by the gateway's connection and as a remote procedure call.
-- Policies decide what there is to read.

create function private.text_of_source(source_id uuid) returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select string_agg(p.content, e'\n\n' order by p.name) from (
    select '' as name, d.content::text from public.documents d where d.id = source_id
    union all
    select f.name, format(e'# %s\n\n%s', f.name, t.content)
    from public.file_texts t join public.document_files f on f.id = t.file_id where t.document_id = source_id
    union all
    select '', s.description from public.products s where s.id = source_id) p
  where octet_length(p.content) > 0
$$;
comment on function private.text_of_source is
  'The text of a document and below it those of its files, each under its name; or the description of a product. Null '
  'for one without text, or that the caller may not read.';

create function public.read_source(source_id uuid, skip integer default 0, max_characters integer default 20000)
returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  whole text;
begin
  perform private.require_open_account();
  if skip < 0 or skip is null or max_characters not between 1 and 100000 or max_characters is null then
    raise exception 'skip % is below 0, or max_characters % is not between 1 and 100,000', skip, max_characters
      using errcode = 'invalid_parameter_value';
  end if;
  whole := coalesce(private.text_of_source(source_id), '');
  return jsonb_build_object('source', (
    select jsonb_build_object(
      'kind', f.kind, 'id', f.id, 'title', f.title, 'text', substr(whole, skip + 1, max_characters),
      'characters', char_length(whole), 'metadata', f.metadata, 'source_uri', f.source_uri, 'updated_at', f.updated_at)
    from (
      select 'document' as kind, d.id, d.title, d.front_matter || d.metadata as metadata, d.source_uri, d.updated_at
      from public.documents d where d.id = read_source.source_id
      union all
      select 'product', p.id, p.name, p.metadata || jsonb_build_object(
               'sku', p.sku, 'category', c.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock),
             null, p.updated_at
      from public.products p join public.categories c on c.id = p.category_id
      where p.id = read_source.source_id) f));
end $$;
comment on function public.read_source is
  '{source}: a document or product by its id, with max_characters of its text from after the first skip ones; null for '
  'one that the caller may not read. characters: how many its text has. metadata: as search returns it.';
grant execute on function private.text_of_source, public.read_source to anon, authenticated, service_role;

create function public.my_orders(order_id uuid default null, max_orders integer default 20) returns jsonb
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  mine public.orders[];
begin
  perform private.require_open_account();
  if max_orders not between 1 and 100 or max_orders is null then
    raise exception 'max_orders % is not between 1 and 100', max_orders using errcode = 'invalid_parameter_value';
  end if;
  mine := array(
    select o from public.orders o
    where o.buyer_id = auth.uid() and (my_orders.order_id is null or o.id = my_orders.order_id)
    order by o.created_at desc, o.id limit max_orders + 1);
  return jsonb_build_object(
    'orders', array(
      select private.order_json(o, (
        select jsonb_agg(private.order_item_json(i) order by i.position)
        from public.order_items i where i.order_id = o.id))
      from unnest(mine[:max_orders]) o order by o.created_at desc, o.id),
    'complete', cardinality(mine) <= max_orders);
end $$;
comment on function public.my_orders is
  '{orders, complete}: the caller''s orders with their lines, the latest first, or the one with this id. complete: '
  'whether there are no more. Staff see their own as well, not those of the shop.';
grant execute on function private.order_json, private.order_item_json, public.my_orders to authenticated, service_role;

create function private.read_source_as(claims text, source_id uuid, skip integer, max_characters integer) returns jsonb
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims);
  return public.read_source(source_id, skip, max_characters);
end $$;
comment on function private.read_source_as is 'public.read_source as the caller with these verified claims.';

create function private.my_orders_as(claims text, order_id uuid, max_orders integer) returns jsonb
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims);
  return public.my_orders(order_id, max_orders);
end $$;
comment on function private.my_orders_as is 'public.my_orders as the caller with these verified claims.';

grant execute on function private.read_source_as, private.my_orders_as to tidegate_gateway;

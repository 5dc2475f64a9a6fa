-- Purpose: what a caller may search, and the nearest passages by meaning.
-- Undo: drop the functions and the type below.
set local lock_timeout = '10s';

-- A hnsw setting in a function's header is refused until the library is loaded in this session.
select '[1]'::extensions.halfvec operator(extensions.<=>) '[1]'::extensions.halfvec;

create type private.chunk_match as (source_id uuid, chunk_id bigint, score double precision);
comment on type private.chunk_match is 'A passage that one leg of a search found, its source, and how well it fits (more is better).';

-- What the caller may search -----------------------------------------------------------------------------------

create function private.search_scopes(kinds text[]) returns uuid[]
language sql stable security invoker set search_path = ''
as $$
  select coalesce(array_agg(s.id), '{}')
  from private.my_scopes() s (id)
  where case when s.id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
             then 'products' else 'documents' end = any (kinds)
$$;
comment on function private.search_scopes(text[]) is 'The caller''s audiences that hold these kinds.';
grant execute on function private.search_scopes(text[]) to anon, authenticated, service_role;

create function private.search_shares(kinds text[]) returns uuid[]
language sql stable security invoker set search_path = ''
as $$
  select case when 'documents' = any (kinds) and auth.uid() is not null
              then array(select private.my_shared_documents()) else '{}' end
$$;
comment on function private.search_shares(text[]) is 'Documents shared with the caller, where documents are searched.';
grant execute on function private.search_shares(text[]) to anon, authenticated, service_role;
grant execute on function private.my_shared_documents() to anon;

create function private.filtered_sources(
  kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean)
returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  if 'documents' = any (kinds) then
    return query select d.id from public.documents d where d.organization_id = filtered_sources.organization_id;
  end if;
  if 'products' = any (kinds) then
    return query
      select p.id from public.products p join public.categories c on c.id = p.category_id
      where (filtered_sources.category is null or c.slug = filtered_sources.category)
        and (price_min is null or p.price >= price_min)
        and (price_max is null or p.price <= price_max)
        and (in_stock is null or p.is_in_stock = in_stock);
  end if;
end $$;
comment on function private.filtered_sources(text[], uuid, text, numeric, numeric, boolean) is
  'Documents and products that pass the filters, as the caller sees them.';
grant execute on function private.filtered_sources(text[], uuid, text, numeric, numeric, boolean)
  to anon, authenticated, service_role;

-- By meaning ---------------------------------------------------------------------------------------------------
-- Three ways to the nearest passages; each runs as the caller, under the policies of chunk_embeddings.

create function private.nearest_of_sources(
  query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  if once then
    return query
      select b.source_id, b.chunk_id, 1 - b.distance
      from (
        select distinct on (e.source_id)
               e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        order by e.source_id, distance) b
      order by b.distance
      limit row_limit;
    return;
  end if;
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from unnest(sources) s (id)
    join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;
comment on function private.nearest_of_sources(extensions.halfvec, smallint, uuid[], integer, boolean) is
  'Exact: every passage of the given sources is compared; once: only the best of each source is returned. For filtered searches.';

create function private.nearest_of_scopes(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  if once then
    return query
      select b.source_id, b.chunk_id, 1 - b.distance
      from (
        select distinct on (e.source_id)
               e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model and (e.scope_id = any (scopes) or e.source_id = any (shares))
        order by e.source_id, distance) b
      order by b.distance
      limit row_limit;
    return;
  end if;
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from public.chunk_embeddings e
    where e.model_id = model and (e.scope_id = any (scopes) or e.source_id = any (shares))
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;
comment on function private.nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer, boolean) is
  'Exact: every passage that the caller may see is compared; once: only the best of each source is returned. The explicit '
  'scopes let the index be used; the policies decide.';

create function private.nearest_of_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
  set enable_seqscan = off
  set enable_sort = off
  set hnsw.iterative_scan = relaxed_order
  set hnsw.ef_search = 200
  set hnsw.max_scan_tuples = 40000
as $$
begin
  -- The model's number and dimensions stand in the text because its partial index wants them as constants; both are
  -- integers of the registry.
  return query execute pg_catalog.format($query$
    with indexed as materialized (
      select e.source_id, e.chunk_id,
             e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %1$s and e.is_indexed and (e.scope_id = any ($2) or e.source_id = any ($3))
      order by e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1
      limit $4
    ), waiting as materialized (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %1$s and not e.is_indexed and (e.scope_id = any ($2) or e.source_id = any ($3))
      order by (e.embedding operator(extensions.<=>) $1) + 0
      limit $4
    ), candidates as (
      select * from indexed union all select * from waiting)
    select c.source_id, c.chunk_id, 1 - c.distance from candidates c order by c.distance + 0 limit $4
    $query$, model, dimensions)
    using query_embedding, scopes, shares, row_limit;
end $$;
comment on function private.nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer) is
  'Approximate: walks the model''s HNSW index until enough visible passages are found or 40,000 were looked at, and '
  'compares those that the index does not hold yet.';

create function private.best_of_sources(found private.chunk_match[]) returns private.chunk_match[]
language sql immutable security invoker set search_path = ''
as $$
  select coalesce(array_agg((b.source_id, b.chunk_id, b.score)::private.chunk_match), '{}')
  from (select distinct on (m.source_id) m.source_id, m.chunk_id, m.score
        from unnest(found) m order by m.source_id, m.score desc) b
$$;
comment on function private.best_of_sources(private.chunk_match[]) is 'The best passage of each source.';

create function private.semantic_matches(
  query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
declare
  model record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  row_limit constant integer := 8 * match_count;
  visible integer;
  found private.chunk_match[];
  best private.chunk_match[];
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is null then
    select count(*) into visible from (
      select from public.chunk_embeddings e
      where e.model_id = model.id and (e.scope_id = any (scopes) or e.source_id = any (shares))
      limit private.exact_search_limit() + 1) v;
    if visible > private.exact_search_limit() then
      found := array(select m from private.nearest_of_index(
        query_embedding, model.id, model.dimensions, scopes, shares, row_limit) m);
      best := private.best_of_sources(found);
      if cardinality(best) >= match_count then
        return query select * from unnest(best);
        return;
      end if;
    end if;
  end if;
  found := case when sources is null
    then array(select m from private.nearest_of_scopes(query_embedding, model.id, scopes, shares, row_limit, false) m)
    else array(select m from private.nearest_of_sources(query_embedding, model.id, sources, row_limit, false) m) end;
  best := private.best_of_sources(found);
  if cardinality(best) >= match_count or cardinality(found) < row_limit then
    return query select * from unnest(best);
  -- A long document has filled the rows with passages of its own.
  elsif sources is null then
    return query select * from private.nearest_of_scopes(query_embedding, model.id, scopes, shares, match_count, true);
  else
    return query select * from private.nearest_of_sources(query_embedding, model.id, sources, match_count, true);
  end if;
end $$;
comment on function private.semantic_matches(extensions.halfvec, text[], uuid[], integer) is
  'The nearest sources, best passage each, at least match_count of them when that many are visible: exact for callers who '
  'see few passages and for filtered searches, the index for the others, exact again when the index comes up short.';
grant execute on function
  private.nearest_of_sources(extensions.halfvec, smallint, uuid[], integer, boolean),
  private.nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer, boolean),
  private.nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer),
  private.best_of_sources(private.chunk_match[]),
  private.semantic_matches(extensions.halfvec, text[], uuid[], integer)
  to anon, authenticated, service_role;

-- Purpose: one search function for every door, and the way in for the gateway, which becomes the caller in the same statement.
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
  query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from unnest(sources) s (id)
    join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;
comment on function private.nearest_of_sources(extensions.halfvec, smallint, uuid[], integer) is
  'Exact: every passage of the given sources is compared. For filtered searches.';

create function private.nearest_of_scopes(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from public.chunk_embeddings e
    where e.model_id = model and (e.scope_id = any (scopes) or e.source_id = any (shares))
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;
comment on function private.nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer) is
  'Exact: every passage that the caller may see is compared. The explicit scopes let the index be used; the policies decide.';

create function private.nearest_of_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
  set enable_seqscan = off
  set hnsw.iterative_scan = relaxed_order
  set hnsw.ef_search = 200
  set hnsw.max_scan_tuples = 40000
as $$
begin
  -- The model's number and dimensions stand in the text because its partial index wants them as constants; both are
  -- integers of the registry.
  return query execute pg_catalog.format($query$
    with candidates as materialized (
      select e.source_id, e.chunk_id,
             e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %1$s and (e.scope_id = any ($2) or e.source_id = any ($3))
      order by e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1
      limit $4)
    select c.source_id, c.chunk_id, 1 - c.distance from candidates c order by c.distance + 0
    $query$, model, dimensions)
    using query_embedding, scopes, shares, row_limit;
end $$;
comment on function private.nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer) is
  'Approximate: walks the model''s HNSW index until enough visible passages are found or 40,000 were looked at.';

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
  -- Comparing so many takes some 15 ms of a core; above that, walking the index is faster.
  exact_limit constant integer := 20000;
  model record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  row_limit integer := 8 * match_count;
  visible integer;
  found private.chunk_match[];
  best private.chunk_match[];
begin
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is null then
    select count(*) into visible from (
      select from public.chunk_embeddings e
      where e.model_id = model.id and (e.scope_id = any (scopes) or e.source_id = any (shares))
      limit exact_limit + 1) v;
    if visible > exact_limit then
      found := array(select m from private.nearest_of_index(
        query_embedding, model.id, model.dimensions, scopes, shares, row_limit) m);
      best := private.best_of_sources(found);
      if cardinality(best) >= match_count then
        return query select * from unnest(best);
        return;
      end if;
    end if;
  end if;
  -- A long document can fill the first rows with passages of its own: then once more without a limit.
  foreach row_limit in array array[row_limit, null] loop
    found := case when sources is null
      then array(select m from private.nearest_of_scopes(query_embedding, model.id, scopes, shares, row_limit) m)
      else array(select m from private.nearest_of_sources(query_embedding, model.id, sources, row_limit) m) end;
    best := private.best_of_sources(found);
    exit when cardinality(best) >= match_count or cardinality(found) < row_limit;
  end loop;
  return query select * from unnest(best);
end $$;
comment on function private.semantic_matches(extensions.halfvec, text[], uuid[], integer) is
  'The nearest sources, best passage each, at least match_count of them when that many are visible: exact for callers who '
  'see few passages and for filtered searches, the index for the others, exact again when the index comes up short.';
grant execute on function
  private.nearest_of_sources(extensions.halfvec, smallint, uuid[], integer),
  private.nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer),
  private.nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer),
  private.best_of_sources(private.chunk_match[]),
  private.semantic_matches(extensions.halfvec, text[], uuid[], integer)
  to anon, authenticated, service_role;

-- By words -----------------------------------------------------------------------------------------------------

create type private.query_term as (
  language text, word text, match tsquery, weight double precision, average_length double precision);
comment on type private.query_term is
  'A stem of the query in one language, how much it tells (its inverse document frequency over the sum of all), and the '
  'mean length in tokens of the passages that were counted.';

create function private.query_words(query text) returns table (language text, word text, match tsquery)
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  -- Walks the index from one language to the next.
  return query
    with recursive languages (code) as (
      (select c.language from public.chunks c order by c.language limit 1)
      union all
      select (select c.language from public.chunks c where c.language > l.code order by c.language limit 1)
      from languages l where l.code is not null)
    select l.code, w.word, ('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery
    from languages l
    cross join lateral unnest(tsvector_to_array(to_tsvector(private.text_search_config(l.code), query))) w (word)
    where l.code is not null;
end $$;
comment on function private.query_words(text) is
  'Stems of a query, without stop words, in every language that some passage has: the query''s own is not known. Definer: '
  'which languages exist must not depend on the caller, nor cost a scan of what is visible.';

create function private.query_terms(query text, kinds text[], sources uuid[]) returns private.query_term[]
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  counted_limit constant integer := 20000;
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  total double precision;
  average_length double precision;
begin
  select count(*), avg(v.token_count) into total, average_length from (
    select c.token_count from public.chunks c
    where c.scope_id = any (scopes) or c.source_id = any (shares)
    limit counted_limit) v;
  if total = counted_limit then
    select greatest(total, k.reltuples) into total from pg_catalog.pg_class k where k.oid = 'public.chunks'::regclass;
  end if;
  -- Frequencies are those of what the caller may see: a score tells nothing of anybody else's texts.
  return (
    with counted as (
      select w.language, w.word, w.match, f.frequency
      from private.query_words(query) w
      cross join lateral (
        select count(*) as frequency from public.chunks c
        where c.search_vector @@ w.match and c.language = w.language
          and (c.scope_id = any (scopes) or c.source_id = any (shares))
          and (sources is null or c.source_id in (select unnest(sources)))) f
    ), informed as (
      select c.*, ln(1 + greatest(total - c.frequency + 0.5, 0.5) / (c.frequency + 0.5)) as idf from counted c)
    select coalesce(array_agg((
      i.language, i.word, i.match, i.idf / s.sum, greatest(average_length, 1))::private.query_term), '{}')
    from informed i
    join (select j.language, sum(j.idf) from informed j group by j.language) s using (language));
end $$;
comment on function private.query_terms(text, text[], uuid[]) is
  'The query''s stems weighed by how rare they are among the passages the caller may search. Definer: under a policy the '
  'word index cannot be used (@@ is not leakproof); it counts in the caller''s own audiences only.';

create function private.keyword_matches(
  terms private.query_term[], kinds text[], sources uuid[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security definer rows 100 set search_path = '' set plan_cache_mode = force_custom_plan
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
begin
  return query
    select b.source_id, b.id, b.weight
    from (
      select distinct on (c.source_id) c.source_id, c.id, sum(t.weight) as weight
      from unnest(terms) t
      join public.chunks c on c.search_vector @@ t.match and c.language = t.language
      where (c.scope_id = any (scopes) or c.source_id = any (shares))
        and (sources is null or c.source_id in (select unnest(sources)))
      group by c.source_id, c.id
      order by c.source_id, weight desc, c.id) b
    order by b.weight desc, b.source_id
    limit match_count;
end $$;
comment on function private.keyword_matches(private.query_term[], text[], uuid[], integer) is
  'Sources that have any of the words, the passage with the most telling ones each. Definer: as query_terms; search reads '
  'what this names under the policies again.';
grant execute on function
  private.query_words(text), private.query_terms(text, text[], uuid[]),
  private.keyword_matches(private.query_term[], text[], uuid[], integer)
  to anon, authenticated, service_role;

-- Search -------------------------------------------------------------------------------------------------------

create function public.search(
  query text,
  query_embedding extensions.halfvec default null,
  mode text default 'hybrid',
  kinds text[] default '{documents,products}',
  max_results integer default 10,
  organization_id uuid default null,
  category text default null,
  price_min numeric default null,
  price_max numeric default null,
  in_stock boolean default null)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql stable security invoker rows 10 set search_path = ''
as $$
#variable_conflict use_column
declare
  of_documents constant boolean := search.organization_id is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model constant smallint := (private.active_embedding_model()).id;
  candidate_count constant integer := greatest(100, 4 * max_results);
  sources uuid[];
  terms private.query_term[] := '{}';
  any_word tsquery;
begin
  if mode not in ('semantic', 'keyword', 'hybrid') or mode is null then
    raise exception 'mode % is none of semantic, keyword, hybrid', mode using errcode = 'invalid_parameter_value';
  end if;
  if not kinds <@ array['documents', 'products'] or cardinality(kinds) = 0 or kinds is null then
    raise exception 'kinds % must name documents, products or both', kinds using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 100 or max_results is null then
    raise exception 'max_results % is not between 1 and 100', max_results using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and query_embedding is null then
    raise exception 'mode % wants query_embedding', mode using errcode = 'invalid_parameter_value';
  end if;
  if query is null or char_length(query) > 10000 then
    raise exception 'query must have at most 10,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  -- Every result passes every filter: a kind that lacks the property is left out.
  kinds := array(
    select k from unnest(kinds) k
    where not (k = 'documents' and of_products) and not (k = 'products' and of_documents));
  if of_documents or of_products then
    sources := array(select private.filtered_sources(
      kinds, search.organization_id, search.category, price_min, price_max, in_stock));
  end if;
  if mode <> 'semantic' then
    terms := private.query_terms(query, kinds, sources);
  end if;
  any_word := coalesce((select string_agg(w.match::text, ' | ')::tsquery from private.query_words(query) w), '');

  return query
  with candidates as materialized (
    select m.chunk_id from private.semantic_matches(query_embedding, kinds, sources, candidate_count) m
    where mode <> 'keyword'
    union
    select m.chunk_id from private.keyword_matches(terms, kinds, sources, candidate_count) m
  ), scored as (
    select c.id, c.source_id, c.document_id, c.product_id, c.heading_path, c.content, c.language,
           case mode
             when 'semantic' then f.cosine
             when 'keyword' then f.bm25
             -- A weighted sum keeps how sure each leg is, as ranks do not.
             else 0.6 * f.cosine + 0.4 * f.bm25
           end as score
    from candidates x
    join public.chunks c on c.id = x.chunk_id
    left join public.chunk_embeddings e on e.chunk_id = c.id and e.model_id = model and mode <> 'keyword'
    cross join lateral (
      select coalesce(1 - (e.embedding operator(extensions.<=>) query_embedding), 0) as cosine,
             -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1.
             (select coalesce(sum(t.weight * o.times / (o.times + 1.2 * (0.25 + 0.75 * c.token_count / t.average_length))), 0)
              from unnest(c.search_vector) v
              join unnest(terms) t on t.word = v.lexeme and t.language = c.language
              cross join lateral (select cardinality(v.positions)::double precision as times) o) as bm25) f
  ), best as (
    select distinct on (s.source_id) s.* from scored s order by s.source_id, s.score desc, s.id
  ), top as (
    select b.* from best b order by b.score desc, b.source_id limit max_results
  )
  select case when t.document_id is not null then 'document' else 'product' end,
         t.source_id,
         t.document_id,
         coalesce(d.title, p.name),
         trim(regexp_replace(
           ts_headline(private.text_search_config(t.language), t.content, any_word,
                       'StartSel="", StopSel="", MaxWords=60, MinWords=30'), '\s+', ' ', 'g')),
         t.heading_path,
         t.score,
         coalesce(d.metadata, p.metadata || jsonb_build_object(
           'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)),
         true
  from top t
  left join public.documents d on d.id = t.document_id
  left join public.products p on p.id = t.product_id
  left join public.categories k on k.id = p.category_id
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;
comment on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the '
  'policies decide every row. complete: the list holds max_results rows or every match there is.';
grant execute on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean)
  to anon, authenticated, service_role;

-- The gateway's way in -----------------------------------------------------------------------------------------

create function private.become(claims text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
end $$;
comment on function private.become(text) is
  'Makes the rest of the transaction run as the caller of these verified claims, and as nobody else after it.';
grant execute on function private.become(text) to tidegate_gateway;

create function private.search_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
begin
  perform private.become(claims);
  return query select * from public.search(
    search_as.query, query_embedding, search_as.mode, kinds, max_results,
    search_as.organization_id, search_as.category, price_min, price_max, in_stock);
end $$;
comment on function private.search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean) is
  'public.search as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the '
  'transaction ends.';
grant execute on function private.search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean)
  to tidegate_gateway;

create function private.failed_documents_as(claims text, max_rows integer)
returns table (id uuid, title text, error text, updated_at timestamptz)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
begin
  perform private.become(claims);
  return query
    select d.id, d.title, d.error, d.updated_at from public.documents d
    where d.status = 'failed' order by d.updated_at desc limit max_rows;
end $$;
comment on function private.failed_documents_as(text, integer) is
  'Documents that could not be embedded, as far as the caller of these verified claims may read them. In autocommit only.';
grant execute on function private.failed_documents_as(text, integer) to tidegate_gateway;

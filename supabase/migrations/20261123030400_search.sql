-- Purpose: one search function for every door: operators in the query, metadata filters, highlights.
-- Undo: drop the functions below; create the ones of 20261122231000 and 20261122231100 again.
-- The function of the same name takes all that this one took.
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '60s';

drop function private.search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean);
drop function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean);
drop function private.filtered_sources(text[], uuid, text, numeric, numeric, boolean);
drop function private.snippet(text, text, tsquery);

-- Settings -----------------------------------------------------------------------------------------------------

create function private.semantic_weight() returns double precision
language sql stable security invoker set search_path = ''
as $$ select coalesce(nullif(current_setting('tidegate.semantic_weight', true), '')::double precision, 0.6) $$;
comment on function private.semantic_weight() is
  'What meaning counts in a hybrid search; words count the rest. 0.6 unless the database says otherwise: '
  'alter database … set tidegate.semantic_weight = 0.7.';
grant execute on function private.semantic_weight() to anon, authenticated, service_role;

-- Filters ------------------------------------------------------------------------------------------------------

create function private.filtered_sources(
  kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb)
returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  if 'documents' = any (kinds) then
    return query
      select d.id from public.documents d
      where (filtered_sources.organization_id is null or d.organization_id = filtered_sources.organization_id)
        and (filtered_sources.metadata is null or d.metadata @> filtered_sources.metadata);
  end if;
  if 'products' = any (kinds) then
    return query
      select p.id from public.products p join public.categories c on c.id = p.category_id
      where (filtered_sources.category is null or c.slug = filtered_sources.category)
        and (price_min is null or p.price >= price_min)
        and (price_max is null or p.price <= price_max)
        and (in_stock is null or p.is_in_stock = in_stock)
        and (filtered_sources.metadata is null or p.metadata @> filtered_sources.metadata);
  end if;
end $$;
comment on function private.filtered_sources(text[], uuid, text, numeric, numeric, boolean, jsonb) is
  'Documents and products that pass the filters, as the caller sees them.';

create function private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) returns uuid[]
language plpgsql stable security invoker set search_path = ''
as $$
declare
  phrase text;
  having_it uuid[];
begin
  foreach phrase in array phrases loop
    having_it := array(select private.sources_with(string_to_array(phrase, E'\n'), kinds));
    sources := case when sources is null then having_it
      else array(select unnest(sources) intersect select unnest(having_it)) end;
  end loop;
  return sources;
end $$;
comment on function private.sources_of_phrases(text[], text[], uuid[]) is
  'Those of the given sources, of all where none are given, that have every phrase.';
grant execute on function
  private.filtered_sources(text[], uuid, text, numeric, numeric, boolean, jsonb),
  private.sources_of_phrases(text[], text[], uuid[])
  to anon, authenticated, service_role;

-- Snippets -----------------------------------------------------------------------------------------------------

create type private.snippet as (text text, highlights integer[]);
comment on type private.snippet is
  'Some words of a passage, and where in it the query''s are: pairs of the first character, from 0, and one past the last.';

create function private.snippet(content text, stemmer text, any_word tsquery) returns private.snippet
language plpgsql stable security invoker set search_path = ''
as $$
declare
  -- Without what is Markdown rather than text: headings (heading_path has them), table rules, emphasis, list marks.
  plain constant text := trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    translate(content, E'\x02\x03', ''), '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'),
    '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn'), '\s+', ' ', 'g'));
  marked text := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    E'StartSel="\x02", StopSel="\x03", MaxWords=60, MinWords=30'));
  fragment constant text := translate(marked, E'\x02\x03', '');
  cut private.snippet := ('', '{}');
  part text;
begin
  if fragment = '' then
    cut.text := left(regexp_replace(trim(content), '\s+', ' ', 'g'), 300);
    return cut;
  end if;
  cut.text := case when starts_with(plain, fragment) then '' else '… ' end;
  foreach part in array string_to_array(marked, E'\x02') loop
    if strpos(part, E'\x03') > 0 then
      cut.highlights := cut.highlights || array[array[
        char_length(cut.text), char_length(cut.text) + strpos(part, E'\x03') - 1]];
    end if;
    cut.text := cut.text || replace(part, E'\x03', '');
  end loop;
  if right(plain, length(fragment)) <> fragment then
    cut.text := cut.text || ' …';
  end if;
  return cut;
end $$;
comment on function private.snippet(text, text, tsquery) is
  'Some fifty words of a passage around the query''s words, or its beginning; an ellipsis where it was cut.';
grant execute on function private.snippet(text, text, tsquery) to anon, authenticated, service_role;

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
  in_stock boolean default null,
  metadata_contains jsonb default null,
  embedding_model text default null)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql stable security invoker rows 10 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  of_documents constant boolean := search.organization_id is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model constant smallint := (private.active_embedding_model()).id;
  candidate_count constant integer := greatest(100, 4 * max_results);
  semantic_weight constant double precision := case mode when 'semantic' then 1 when 'keyword' then 0 else private.semantic_weight() end;
  parsed private.parsed_query;
  sources uuid[];
  excluded uuid[];
  terms private.query_term[] := '{}';
  by_meaning private.chunk_match[] := '{}';
  by_words private.chunk_match[] := '{}';
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
  if jsonb_typeof(metadata_contains) <> 'object' then
    raise exception 'metadata_contains must be an object' using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and embedding_model <> (private.active_embedding_model()).name then
    raise exception 'the query''s vector is of %, the active model is %',
      embedding_model, (private.active_embedding_model()).name using errcode = 'invalid_parameter_value';
  end if;
  -- Every result passes every filter: a kind that lacks the property is left out.
  kinds := array(
    select distinct k from unnest(kinds) k
    where not (k = 'documents' and of_products) and not (k = 'products' and of_documents));
  if of_documents or of_products or metadata_contains is not null then
    sources := array(select private.filtered_sources(
      kinds, search.organization_id, search.category, price_min, price_max, in_stock, metadata_contains));
  end if;
  parsed := private.parse_query(query);
  if cardinality(parsed.phrases) > 0 then
    sources := private.sources_of_phrases(parsed.phrases, kinds, sources);
  end if;
  if cardinality(parsed.excluded) > 0 then
    excluded := array(select private.sources_with(parsed.excluded, kinds));
  end if;

  if mode <> 'keyword' then
    by_meaning := array(
      select m from private.semantic_matches(query_embedding, kinds, sources, excluded, max_results) m
      order by (m).score desc limit candidate_count);
  end if;
  terms := private.query_terms(parsed, kinds);
  if mode <> 'semantic' then
    by_words := array(select m from private.keyword_matches(
      parsed.words, terms, kinds, sources, excluded, array(select (b).chunk_id from unnest(by_meaning) b), candidate_count) m);
  end if;

  return query
  with candidates as (
    select source_id, chunk_id, max(m.cosine) as cosine, max(m.bm25) as bm25
    from (
      select b.source_id, b.chunk_id, b.score as cosine, null::double precision as bm25 from unnest(by_meaning) b
      union all
      select b.source_id, b.chunk_id, null, b.score from unnest(by_words) b) m
    group by source_id, chunk_id
  ), scored as (
    -- A weighted sum keeps how sure each leg is, as ranks do not. Passages found by words have a meaning as well.
    select c.source_id, c.chunk_id,
           case when semantic_weight = 0 then 0 else semantic_weight * coalesce(
             c.cosine,
             (select 1 - (e.embedding operator(extensions.<=>) query_embedding)
              from public.chunk_embeddings e where e.chunk_id = c.chunk_id and e.model_id = model), 0) end
           + (1 - semantic_weight) * coalesce(c.bm25, 0) as score
    from candidates c
  ), best as (
    select distinct on (s.source_id) s.* from scored s order by s.source_id, s.score desc, s.chunk_id
  ), top as (
    select b.* from best b order by b.score desc, b.source_id limit max_results
  )
  select case when c.document_id is not null then 'document' else 'product' end,
         c.source_id,
         c.document_id,
         coalesce(d.title, p.name),
         n.text,
         n.highlights,
         c.heading_path,
         t.score,
         coalesce(d.metadata, p.metadata || jsonb_build_object(
           'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)),
         true
  from top t
  join public.chunks c on c.id = t.chunk_id
  left join public.documents d on d.id = c.document_id
  left join public.products p on p.id = c.product_id
  left join public.categories k on k.id = p.category_id
  left join (
    select q.stemmer, string_agg(private.word_query(q.word)::text, ' | ')::tsquery as any_word
    from unnest(terms) q group by q.stemmer) w on w.stemmer = c.stemmer
  cross join lateral private.snippet(c.content, c.stemmer, w.any_word) n
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;
comment on function public.search(
  text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the '
  'policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that begin '
  'so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the list '
  'holds max_results rows or every match among what is embedded.';
grant execute on function public.search(
  text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text)
  to anon, authenticated, service_role;

create function private.search_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb,
  embedding_model text)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
#variable_conflict use_column
begin
  perform private.become(claims);
  return query select * from public.search(
    search_as.query, query_embedding, search_as.mode, kinds, max_results,
    search_as.organization_id, search_as.category, price_min, price_max, in_stock, metadata_contains, embedding_model);
end $$;
comment on function private.search_as(
  text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text) is
  'public.search as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the '
  'transaction ends.';
grant execute on function private.search_as(
  text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text)
  to tidegate_gateway;

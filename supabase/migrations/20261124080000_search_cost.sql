-- Purpose: the same search for less: no counting of words that only the snippets want, and no cleaning of what is clean.
-- Undo: create private.snippet and public.search of 20261123030400 again; drop the function and the type below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- Snippets: three quarters of a semantic search by a caller who sees little went into them -----------------------

create or replace function private.snippet(content text, stemmer text, any_word tsquery) returns private.snippet
language plpgsql stable security invoker set search_path = ''
as $$
declare
  plain text := content;
  marked text;
  fragment text;
  cut private.snippet := ('', '{}');
  part text;
begin
  -- Looking costs a tenth of replacing, and most passages have nothing to replace.
  if plain ~ '[\x02\x03]' then
    plain := translate(plain, E'\x02\x03', '');
  end if;
  -- Without what is Markdown rather than text: headings (heading_path has them), table rules, emphasis, list marks.
  if plain ~ '[#*_`|>+]|^\s*(-|\d+\.)\s|\n\s*(-|\d+\.)\s' then
    plain := regexp_replace(regexp_replace(regexp_replace(
      plain, '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'),
      '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn');
  end if;
  if plain ~ '\s\s|[\t\n\r\f\v]|^\s|\s$' then
    plain := trim(regexp_replace(plain, '\s+', ' ', 'g'));
  end if;
  marked := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    E'StartSel="\x02", StopSel="\x03", MaxWords=60, MinWords=30'));
  fragment := translate(marked, E'\x02\x03', '');
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

create type private.marked_word as (stemmer text, match tsquery);
comment on type private.marked_word is 'What snippets of passages by one stemmer show as a word of the query.';

create function private.words_to_mark(parsed private.parsed_query) returns private.marked_word[]
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return array(
    select (w.stemmer, private.word_query(w.word))::private.marked_word from private.query_words(parsed.words) w
    union all
    select (s.stemmer, (private.word_query(b.beginning)::text || ':*')::tsquery)::private.marked_word
    from unnest(parsed.prefixes) b (beginning)
    cross join lateral (select distinct w.stemmer from private.query_words(b.beginning) w) s);
end $$;
comment on function private.words_to_mark(private.parsed_query) is
  'The query''s stems and beginnings for snippets, where no word is weighed.';
grant execute on function private.words_to_mark(private.parsed_query) to anon, authenticated, service_role;

-- Search -------------------------------------------------------------------------------------------------------

create or replace function public.search(
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
  model constant record := private.active_embedding_model();
  candidate_count constant integer := greatest(100, 4 * max_results);
  semantic_weight constant double precision := case mode when 'semantic' then 1 when 'keyword' then 0 else private.semantic_weight() end;
  parsed private.parsed_query;
  sources uuid[];
  excluded uuid[];
  terms private.query_term[] := '{}';
  marks private.marked_word[];
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
  if mode <> 'keyword' and embedding_model <> model.name then
    raise exception 'the query''s vector is of %, the active model is %', embedding_model, model.name
      using errcode = 'invalid_parameter_value';
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
  if mode = 'semantic' then
    marks := private.words_to_mark(parsed);
  else
    terms := private.query_terms(parsed, kinds);
    marks := array(select (t.stemmer, private.word_query(t.word))::private.marked_word from unnest(terms) t);
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
              from public.chunk_embeddings e where e.chunk_id = c.chunk_id and e.model_id = model.id), 0) end
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
    select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
    from unnest(marks) q group by q.stemmer) w on w.stemmer = c.stemmer
  cross join lateral private.snippet(c.content, c.stemmer, w.any_word) n
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;

-- Purpose: a beginning (`policy*`, `mün*`) is looked for as the stemmers of the passages write it, and a list that leaves
-- out words which begin so no longer says that it is complete.
-- Undo: create counted_words of 20261123030200, words_to_mark and public.search of 20261124080000 again; drop functions
-- private.beginnings(text), private.prefix_limit().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.prefix_limit() returns integer
language sql immutable security invoker parallel safe set search_path = '' as $$ select 64 $$;
comment on function private.prefix_limit() is 'Words that a beginning stands for at most, the most frequent first.';
grant execute on function private.prefix_limit() to anon, authenticated, service_role;

create function private.beginnings(typed text) returns table (stemmer text, first_word text, next_word text)
language plpgsql stable security invoker rows 10 set search_path = ''
as $$
begin
  -- Stems are what can be looked up. A stemmer may write a word without the accents of its beginning (München: munch), and
  -- end it before the beginning ends (policy: polici, university: univers). What it does is learned from the typed letters
  -- with one more letter, or some more, behind them.
  return query
    with typed_words as materialized (
      select w.stemmer, w.word from private.query_words(
        (select string_agg(typed || e.ending, ' ' order by e.place)
         from unnest(string_to_array(',a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,ty,ity,ion,ation,ing,ness,ment', ','))
              with ordinality e (ending, place))) w
    ), plain as (
      select replace(regexp_replace(normalize(typed, nfd), '[\u0300-\u036f]', '', 'g'), 'ß', 'ss') as word
    ), written as (
      select distinct w.stemmer, b.beginning
      from typed_words w cross join plain p
      cross join lateral (values (typed), (p.word)) b (beginning)
      where starts_with(w.word, b.beginning)
    )
    select w.stemmer, w.beginning, w.beginning || chr(1114111) from written w
    union all
    select distinct t.stemmer, t.word, t.word || chr(1) from typed_words t
    where typed !~ '_'
      and not exists (select from written w where w.stemmer = t.stemmer and starts_with(t.word, w.beginning));
end $$;
comment on function private.beginnings(text) is
  'What a beginning is among the stems of each stemmer that some passage has: all words from first_word on and before next_word, compared byte by byte.';
grant execute on function private.beginnings(text) to anon, authenticated, service_role;

create or replace function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  return query
    with words as materialized (
      select w.stemmer, w.word, w.word as original, w.times from private.query_words(parsed.words) w
      union all
      (select x.stemmer, x.word, b.beginning || '*', 1
       from (select distinct d.beginning from unnest(parsed.prefixes[1:32]) d (beginning)) b
       cross join lateral (
         with looked_for as materialized (select * from private.beginnings(b.beginning))
         select x.stemmer, x.word from (
           select p.stemmer, p.word, p.size
           from looked_for f
           cross join lateral (
             select p.stemmer, p.word, p.size from private.postings p
             where p.scope_id = any (scopes) and p.word >= f.first_word and p.word < f.next_word and p.stemmer = f.stemmer
             offset 0) p
           union all
           select c.stemmer, v.lexeme, 1
           from public.chunks c cross join lateral unnest(c.search_vector) v
           join looked_for f on f.stemmer = c.stemmer
             and v.lexeme >= f.first_word collate "C" and v.lexeme < f.next_word collate "C"
           where c.id = any (direct)) x
         group by x.stemmer, x.word order by sum(x.size) desc, x.word limit private.prefix_limit()) x))
    select w.stemmer, w.word, w.original, w.times::double precision,
           (select coalesce(sum(p.size), 0) from private.postings p
            where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + (select count(*) from public.chunks c
              where c.id = any (direct) and c.stemmer = w.stemmer and c.search_vector @@ private.word_query(w.word)),
           null::double precision, null::double precision
    from words w;
end $$;

create or replace function private.words_to_mark(parsed private.parsed_query) returns private.marked_word[]
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return array(
    select (w.stemmer, private.word_query(w.word))::private.marked_word from private.query_words(parsed.words) w
    union all
    select (f.stemmer, case
        when f.next_word = f.first_word || chr(1) then private.word_query(f.first_word)
        else (private.word_query(f.first_word)::text || ':*')::tsquery end)::private.marked_word
    from unnest(parsed.prefixes[1:32]) b (beginning) cross join lateral private.beginnings(b.beginning) f);
end $$;

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
  has_every_word boolean := true;
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
    if cardinality(parsed.prefixes) > 0 then
      has_every_word := cardinality(parsed.prefixes) <= 32 and not exists (
        select from unnest(terms) t where t.original like '%*' group by t.original having count(*) >= private.prefix_limit());
    end if;
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
         has_every_word
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
comment on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that begin so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the list holds max_results rows or every match among what is embedded. False also where a beginning stands for private.prefix_limit() words or more, and where there are more than 32 beginnings.';

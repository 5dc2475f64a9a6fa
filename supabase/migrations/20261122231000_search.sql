-- Purpose: one search function for every door.
-- Undo: drop the functions below.
set local lock_timeout = '10s';

create function private.snippet(content text, stemmer text, any_word tsquery) returns text
language plpgsql stable security invoker set search_path = ''
as $$
declare
  -- Without what is Markdown rather than text: headings (heading_path has them), table rules, emphasis, list marks.
  plain constant text := trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    content, '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'), '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn'),
    '\s+', ' ', 'g'));
  fragment constant text := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    'StartSel="", StopSel="", MaxWords=60, MinWords=30'));
begin
  if fragment = '' then
    return left(regexp_replace(trim(content), '\s+', ' ', 'g'), 300);
  end if;
  return case when starts_with(plain, fragment) then '' else '… ' end
    || fragment
    || case when right(plain, length(fragment)) = fragment then '' else ' …' end;
end $$;
comment on function private.snippet(text, text, tsquery) is
  'Some fifty words of a passage around the query''s words, or its beginning; an ellipsis where it was cut.';
grant execute on function private.snippet(text, text, tsquery) to anon, authenticated, service_role;

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

  return query
  with candidates as materialized (
    select m.chunk_id from private.semantic_matches(query_embedding, kinds, sources, candidate_count) m
    where mode <> 'keyword'
    union
    select m.chunk_id from private.keyword_matches(terms, kinds, sources, candidate_count) m
  ), scored as (
    select c.id, c.source_id, c.document_id, c.product_id, c.heading_path, c.content, c.stemmer,
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
              join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
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
         private.snippet(t.content, t.stemmer, w.any_word),
         t.heading_path,
         t.score,
         coalesce(d.metadata, p.metadata || jsonb_build_object(
           'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)),
         true
  from top t
  left join public.documents d on d.id = t.document_id
  left join public.products p on p.id = t.product_id
  left join public.categories k on k.id = p.category_id
  left join (select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
             from private.query_words(query) q group by q.stemmer) w on w.stemmer = t.stemmer
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;
comment on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the '
  'policies decide every row. complete: the list holds max_results rows or every match among what is embedded.';
grant execute on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean)
  to anon, authenticated, service_role;

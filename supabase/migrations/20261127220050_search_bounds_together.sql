-- Purpose: the bound in bytes of 20261127210200 and the bound of words of 20261127220000 in one definition of search: the
--   second was written beside the first.
-- Undo: create public.search of 20261127220000 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function public.search(
  query text,
  query_embedding extensions.halfvec default null,
  mode text default 'hybrid',
  kinds text[] default '{documents,products}',
  max_results integer default 10,
  organization_ids uuid[] default null,
  category text default null,
  price_min numeric default null,
  price_max numeric default null,
  in_stock boolean default null,
  metadata_contains jsonb default null,
  embedding_model text default null,
  effort text default 'bounded'
) returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[], score double precision,
  metadata jsonb, complete boolean, owner jsonb)
language plpgsql stable security invoker rows 10 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  of_documents constant boolean := organization_ids is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model record;
  candidate_count constant integer := greatest(100, 4 * max_results);
  semantic_weight constant double precision := case mode when 'semantic' then 1 when 'keyword' then 0 else private.semantic_weight() end;
  parsed private.parsed_query;
  sources uuid[];
  excluded uuid[];
  terms private.query_term[] := '{}';
  marks private.marked_word[];
  by_meaning private.chunk_match[] := '{}';
  by_words private.search_leg := ('{}', true);
  has_every_word boolean := true;
  sources_found bigint;
  most_bytes constant bigint := private.limit_of('search_answer_bytes');
begin
  select m.* into model from private.active_embedding_model() m;
  if mode not in ('semantic', 'keyword', 'hybrid') or mode is null then
    raise exception 'mode % is none of semantic, keyword, hybrid', mode using errcode = 'invalid_parameter_value';
  end if;
  if not kinds <@ array['documents', 'products'] or cardinality(kinds) = 0 or kinds is null then
    raise exception 'kinds % must name documents, products or both', kinds using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 100 or max_results is null then
    raise exception 'max_results % is not between 1 and 100', max_results using errcode = 'invalid_parameter_value';
  end if;
  if effort not in ('bounded', 'exact') or effort is null then
    raise exception 'effort % is none of bounded, exact', effort using errcode = 'invalid_parameter_value';
  end if;
  if effort = 'exact' and current_user = 'anon' then
    raise exception 'effort exact is for people who are signed in' using errcode = 'insufficient_privilege',
      hint = 'Sign in, or leave effort out.';
  end if;
  if cardinality(organization_ids) not between 1 and 100 then
    raise exception 'organization_ids has % ids, which is not between 1 and 100', cardinality(organization_ids)
      using errcode = 'invalid_parameter_value';
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
  if mode <> 'keyword' and model.id is null then
    raise exception 'no embedding model is active' using errcode = 'invalid_parameter_value';
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
      kinds, organization_ids, search.category, price_min, price_max, in_stock, metadata_contains));
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
      select m from private.semantic_matches(
        query_embedding, kinds, sources, excluded, max_results, exact => effort = 'exact') m
      order by (m).score desc limit candidate_count);
  end if;
  if mode = 'semantic' then
    marks := private.words_to_mark(parsed);
  else
    loop
      terms := private.query_terms(parsed, kinds);
      if cardinality(parsed.prefixes) > 0 then
        has_every_word := not exists (
          select from unnest(terms) t where t.original like '%*'
          group by t.original having count(*) >= parsed.per_beginning);
      end if;
      by_words := private.keyword_matches(
        concat_ws(' ', parsed.words, array_to_string(parsed.prefixes, ' ')), terms, kinds, sources, excluded,
        array(select (b).chunk_id from unnest(by_meaning) b), candidate_count);
      sources_found := (select count(distinct b.source_id) from unnest(by_words.matches) b);
      -- What the most frequent words stand for may be filtered away, or gone.
      exit when has_every_word or sources_found >= max_results or parsed.per_beginning > private.prefix_limit();
      parsed.per_beginning := greatest(private.prefix_limit() + 1, 16 * private.prefix_limit() / cardinality(parsed.prefixes));
    end loop;
    -- Of a query that is a text the first words were looked for; others may have matches as well.
    if sources_found < max_results and char_length(parsed.words) > 127 then
      has_every_word := has_every_word and not exists (
        select from private.query_words(parsed.words) w group by w.stemmer having count(*) >= 64);
    end if;
    has_every_word := has_every_word and (by_words.is_complete or sources_found >= max_results);
    marks := array(select (t.stemmer, private.word_query(t.word))::private.marked_word from unnest(terms) t);
  end if;

  return query
  with candidates as (
    select source_id, chunk_id, max(m.cosine) as cosine, max(m.bm25) as bm25
    from (
      select b.source_id, b.chunk_id, b.score as cosine, null::double precision as bm25 from unnest(by_meaning) b
      union all
      select b.source_id, b.chunk_id, null, b.score from unnest(by_words.matches) b) m
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
  ), results as (
    select case when c.document_id is not null then 'document' else 'product' end as kind,
           t.source_id as id,
           c.document_id,
           coalesce(d.title, p.name) as title,
           n.text as snippet,
           n.highlights,
           c.heading_path,
           t.score,
           coalesce(d.metadata, p.metadata || jsonb_build_object(
             'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)) as metadata,
           case
             when d.owner_id is not null and (d.visibility = 'private' or d.organization_id is null)
               then jsonb_build_object('kind', 'person', 'id', d.owner_id, 'name', o.name)
             when d.organization_id is not null
               then jsonb_build_object('kind', 'organization', 'id', d.organization_id, 'name', o.name)
           end as owner
    from top t
    join public.chunks c on c.id = t.chunk_id
    left join public.documents d on d.id = c.document_id
    left join private.owner_names(array(select source_id from top)) o on o.document_id = c.document_id
    left join public.products p on p.id = c.product_id
    left join public.categories k on k.id = p.category_id
    left join (
      select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
      from unnest(marks) q group by q.stemmer) w on w.stemmer = c.stemmer
    cross join lateral private.snippet(c.content, c.stemmer, w.any_word) n
    where d.id is not null or p.id is not null
  ), measured as (
    -- The best results that fit; one always does.
    select r.*, sum(octet_length(to_json(r)::text)) over best_first as bytes_so_far,
           row_number() over best_first as place, count(*) over () as results
    from results r window best_first as (order by r.score desc, r.id rows unbounded preceding)
  ), fitting as (
    select m.*, count(*) over () as shown from measured m where m.bytes_so_far <= most_bytes or m.place = 1
  )
  select f.kind, f.id, f.document_id, f.title, f.snippet, f.highlights, f.heading_path, f.score, f.metadata,
         has_every_word and f.shown = f.results, f.owner
  from fitting f
  order by f.place;
end $$;
comment on function public.search(
  text, extensions.halfvec, text, text[], integer, uuid[], text, numeric, numeric, boolean, jsonb, text, text) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the '
  'policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that '
  'begin so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the '
  'list holds max_results rows or every match among what is embedded. False also where not every word that begins so was '
  'looked for, where results were left out to stay within search_answer_bytes of private.limits, and where the list is '
  'short and the query had more than 64 words or words too frequent to read all that have them. organization_ids: documents '
  'of these organizations alone, at most 100. effort: exact compares everything by meaning, for people who are signed in; '
  'bounded is quicker. owner: whose a document is, {kind: organization or person, id, name}; null for a product.';

-- Purpose: a search by words costs no more by how frequent its words are, by how many audiences its caller has, or by how long
-- the documents are.
-- Undo: create keyword_matches of 20261126120000 and public.search of 20261127210000 again, the former with set search_path =
-- pg_catalog, pg_temp; drop type private.search_leg, function private.posting_limit(bigint) and index private.postings_word_idx.
-- The index is made while nothing is gathered: the worker waits, searches do not. Nothing is released that calls the function.
-- squawk-ignore-file require-concurrent-index-creation, ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '600s';

-- From PostgreSQL 17 on one search of this index finds a word in all audiences, where the key takes one for each.
create index postings_word_idx on private.postings (word, stemmer, scope_id) include (size);

create type private.search_leg as (matches private.chunk_match[], is_complete boolean);
comment on type private.search_leg is
  'What one leg of a search found, and whether it looked at everything that could have filled the list.';

create function private.posting_limit(passages bigint) returns bigint
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select greatest(50000, passages / 8) $$;
comment on function private.posting_limit(bigint) is
  'Postings that a search of so many passages reads, about 0.4 microseconds each. A passage has one for each of its words.';

drop function private.keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer);

create function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '16MB'
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  posting_limit constant bigint := private.posting_limit((private.search_extent(kinds)).passages);
  is_bounded constant boolean := coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  -- The rarest words find the passages, as many words as there is time for. The others tell little: they count for the
  -- passages that were found.
  rare constant private.query_term[] := array(
    select s.term
    from (
      select t::private.query_term as term, t.frequency,
             sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
      from unnest(terms) t) s
    where s.read <= posting_limit or s.read = s.frequency);
  most integer := 16 * match_count;
  row_limit integer;
  posting_ids bigint[];
  scores double precision[];
  meant bigint[];
  meant_scores double precision[];
  found private.chunk_match[];
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. Everything is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with posted as materialized (
      select x.posting_id, sum(x.score) as score
      from (
        select r.posting >> 16 as posting_id,
               r.weight * ((r.posting >> 11) & 31)::double precision / (
                 ((r.posting >> 11) & 31)::double precision + 0.3::double precision
                 + r.steepness * (r.posting & 2047)::double precision) as score
        from (
          select unnest(p.postings) as posting, t.weight, p.steepness
          from unnest(rare) t
          -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
          cross join lateral (
            select w.postings, 0.9 / t.average_length as steepness from private.postings w
            where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p
          -- A single word may have more.
          limit posting_limit) r
        offset 0) x -- calculated before they are sorted, which has less to move
      group by x.posting_id
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit most
    ), also_posted as materialized (
      -- Where not every posting was read, the score is calculated from the passage.
      select a.chunk_id, case when not is_bounded then p.score end as score
      from unnest(also) a (chunk_id) join private.posted_passages m using (chunk_id) left join posted p using (posting_id)
      where is_bounded or p.score is not null)
    select array(select b.posting_id from best b), array(select b.score from best b),
           array(select a.chunk_id from also_posted a), array(select a.score from also_posted a)
    into posting_ids, scores, meant, meant_scores;

    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    foreach row_limit in array array[2 * match_count, most] loop
      with located as materialized (
        select c.source_id, c.id, b.score,
               row_number() over (partition by c.source_id order by b.score desc, c.id) as rank
        from unnest(posting_ids[:row_limit], scores[:row_limit]) b (posting_id, score)
        join private.posted_passages m using (posting_id)
        join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded)))
      ), matches as (
        (select l.id as chunk_id, case when not is_bounded then l.score end as score
         from located l where l.rank <= 2 order by l.score desc limit 2 * match_count)
        union all
        select a.chunk_id, a.score from unnest(meant, meant_scores) a (chunk_id, score)
        union all
        select d.chunk_id, null from unnest(direct) d (chunk_id)
        union all
        select a.chunk_id, a.score
        from private.article_matches(query, scopes, sources) a where 'products' = any (kinds)
      ), scored as (
        select c.source_id, c.id, coalesce(m.score, (
                 select sum(t.weight * f.times / (
                   f.times + 0.3::double precision + 0.9 / t.average_length * least(c.token_count, 2047)))
                 from unnest(c.search_vector) v
                 join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
                 cross join lateral (select least(coalesce(cardinality(v.positions), 1), 31)::double precision) f (times))) as score
        from matches m join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded))))
      select array_agg((s.source_id, s.id, least(s.score, 1))::private.chunk_match),
             (select count(*) from located l where l.rank = 1)
      into found, sources_read
      from scored s where s.score is not null;
      exit when sources_read >= match_count or cardinality(posting_ids) < row_limit;
    end loop;
    exit when sources_read >= match_count / 10 or cardinality(posting_ids) < most;
    most := 8 * most;
  end loop;
  return (
    array(
      select (b.source_id, b.chunk_id, b.score)::private.chunk_match
      from (
        select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
      union
      select (f.source_id, f.chunk_id, f.score)::private.chunk_match from unnest(found) f where f.chunk_id = any (also)),
    cardinality(posting_ids) < most and not is_bounded);
end $$;
comment on function private.keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer) is
  'At least match_count sources by BM25 when so many have any of the words, the best passage each, and the scores of also. '
  'Where the words have more postings than private.posting_limit, the rarest of them find the passages, and all score. Fewer '
  'sources, but a tenth, may come where documents are so long that the best 16 * match_count passages are of these. '
  'Definer: as query_terms; search reads what this names under the policies again.';
grant execute on function private.keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer)
  to anon, authenticated, service_role;

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
        has_every_word := cardinality(parsed.prefixes) <= 32 and not exists (
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
         has_every_word,
         case
           when d.owner_id is not null and (d.visibility = 'private' or d.organization_id is null)
             then jsonb_build_object('kind', 'person', 'id', d.owner_id, 'name', o.name)
           when d.organization_id is not null
             then jsonb_build_object('kind', 'organization', 'id', d.organization_id, 'name', o.name)
         end
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
  order by t.score desc, t.source_id;
end $$;
comment on function public.search(
  text, extensions.halfvec, text, text[], integer, uuid[], text, numeric, numeric, boolean, jsonb, text, text) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the '
  'policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that '
  'begin so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the '
  'list holds max_results rows or every match among what is embedded. False also where not every word that begins so was '
  'looked for, where there are more than 32 beginnings, and where the list is short and the query had more than 64 words or '
  'words too frequent to read all that have them. '
  'organization_ids: documents of these organizations alone, at most 100. effort: exact compares everything by meaning, for '
  'people who are signed in; bounded is quicker. owner: whose a document is, {kind: organization or person, id, name}; '
  'null for a product.';

-- Purpose: a search by meaning costs no more by what it asks about. Questions about other things than the texts were compared
-- with every passage; now the walk of an index goes on until it has seen enough, and no walk or comparison is without a bound.
-- Undo: create plan_search of 20261122230800, nearest_by_plan, nearest_of_index, nearest_of_index_widely, walk_index of
-- 20261124080100, semantic_matches of 20261127210000, comparison_limit of 20261126010300, exact_search_limit of
-- 20261124080100 and public.search of 20261127220050 again, with set search_path = pg_catalog, pg_temp; drop the others below.
-- Nothing is released that calls the functions.
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A hnsw setting in a function's header is refused until the library is loaded in this session.
select extensions.vector_dims('[1]'::extensions.vector);

create or replace function private.exact_search_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 40000 $$;
comment on function private.exact_search_limit() is
  'Passages up to which all are compared: about 0.8 microseconds each. A collection that has no more is not indexed.';

create or replace function private.comparison_limit() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    nullif(current_setting('tidegate.comparison_limit', true), '')::integer,
    (select s.comparison_limit from private.settings s), private.exact_search_limit())
$$;
comment on function private.comparison_limit() is
  'Passages that one search compares: as many as private.exact_search_limit says, unless private.settings says otherwise, or, for '
  'a session that tries something, set tidegate.comparison_limit. Where a caller sees more, indexes are walked. Definer: reads '
  'the settings.';

drop function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer);
drop function private.nearest_of_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer);
drop function private.nearest_of_index_widely(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer);
drop function private.walk_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer);
drop function private.semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer, boolean);
drop function private.nearest_of_many(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer);
drop function private.nearest_of_visible(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer);
drop function private.nearest_of_sources(extensions.halfvec, smallint, uuid[], uuid[], integer);
drop function private.nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer);
drop function private.nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer);

create or replace function private.plan_search(model smallint, scopes uuid[]) returns private.search_plan
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  plan private.search_plan;
begin
  plan.shards := array(select s.id from private.shards s where s.model_id = model and s.scope_id = any (scopes));
  -- Each shard is walked, which takes as long as to compare 10,000 passages.
  select coalesce(sum(c.passages), 0),
         coalesce(sum(c.passages) filter (where not exists (
           select from private.shards s where s.model_id = model and s.is_complete and s.scope_id = c.scope_id)), 0)
           > greatest(private.comparison_limit() / 2, private.comparison_limit() - 10000 * cardinality(plan.shards))
  into plan.passages, plan.walks
  from private.passage_counts c where c.scope_id = any (scopes);
  return plan;
end $$;
comment on function private.plan_search(smallint, uuid[]) is
  'How to search these audiences. Definer: reads counts; those of others tell which of two ways would be taken.';

create function private.walk_limit() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select least(40000, 12000 + greatest(c.reltuples, 0) / 36)::integer
  from pg_class c where c.oid = 'public.chunk_embeddings'::regclass
$$;
comment on function private.walk_limit() is
  'Passages that the walks of one search may meet: about 2 microseconds each, and more where there are more. Definer: reads the '
  'size of the table.';

create function private.walk_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[],
  excluded uuid[], row_limit integer, walks integer)
returns private.chunk_match[]
language plpgsql stable security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_sort = off
set hnsw.iterative_scan = relaxed_order set hnsw.ef_search = 200 set hnsw.max_scan_tuples = 20000
set hnsw.scan_mem_multiplier = 4
as $$
declare
  -- Where many indexes are walked, each has fewer of the nearest.
  narrow constant integer := greatest(60, least(row_limit, 3 * row_limit / walks));
  wide constant integer := greatest(narrow, 1000 / walks);
  near private.chunk_match[] := '{}';
  met record;
begin
  perform set_config('hnsw.ef_search', least(narrow, 200)::text, true),
          set_config('hnsw.max_scan_tuples', greatest(2000, private.walk_limit() / walks)::text, true);
  -- What stands in the text are integers of the registry: a partial index wants constants.
  for met in execute pg_catalog.format($query$
    select e.source_id, e.chunk_id, 1 - (e.embedding::extensions.halfvec(%s) operator(extensions.<=>) $1) as score
    from public.chunk_embeddings e
    where e.model_id = %s and %s %s %s
    order by e.embedding::extensions.halfvec(%1$s) operator(extensions.<=>) $1
    limit $5
    $query$,
      dimensions, model,
      case shard when 0 then 'e.is_indexed and e.scope_id = any ($2)' else pg_catalog.format('e.shard_id = %s', shard) end,
      case when sources is not null then 'and e.source_id = any ($3)' end,
      case when excluded is not null then 'and not e.source_id in (select unnest($4))' end)
    using query_embedding, scopes, sources, excluded, wide
  loop
    near := near || (met.source_id, met.chunk_id, met.score)::private.chunk_match;
    exit when cardinality(near) = narrow
      and not private.is_astray(array(select n from unnest(near) n order by n.score desc));
  end loop;
  return near;
end $$;
comment on function private.walk_index(
  extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], uuid[], integer, integer) is
  'Approximate: the nearest passages of the index of a shard, or of these audiences in the common one (0), nearly in order. The '
  'walk goes on where the question has gone astray. walks: how many there are, which share the time.';

create function private.nearest_of_visible(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  leg private.search_leg;
begin
  with compared as materialized (
    select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
    from public.chunk_embeddings e
    where e.model_id = model
      and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
      and (excluded is null or not e.source_id in (select unnest(excluded)))
    limit most
  ), nearest as materialized (
    select c.* from compared c order by c.distance limit row_limit
  ), filled as (
    -- A long document may have filled the rows with passages of its own.
    select count(*) = row_limit and count(distinct n.source_id) < match_count as is_short from nearest n)
  select array(
           select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
           from (
             select distinct on (f.source_id) f.*
             from (
               select n.* from nearest n where not (select is_short from filled)
               union all
               select c.* from compared c where (select is_short from filled)) f
             order by f.source_id, f.distance) b),
         (select count(*) from compared) < coalesce(most, 9223372036854775807)
  into leg.matches, leg.is_complete;
  return leg;
end $$;
comment on function private.nearest_of_visible(
  extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint) is
  'Exact: the best passage of each source among the row_limit nearest, or of all sources where those are of fewer than '
  'match_count. Compares the passages that the caller sees, or, where scopes are named, of these and of the shares; no more than '
  'most. The policy says which they are, and its audiences use the index.';

create function private.nearest_of_sources(
  query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  leg private.search_leg;
begin
  with compared as materialized (
    select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
    from unnest(sources) s (id)
    join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
    where excluded is null or not e.source_id in (select unnest(excluded))
    limit most
  ), nearest as materialized (
    select c.* from compared c order by c.distance limit row_limit
  ), filled as (
    -- A long document may have filled the rows with passages of its own.
    select count(*) = row_limit and count(distinct n.source_id) < match_count as is_short from nearest n)
  select array(
           select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
           from (
             select distinct on (f.source_id) f.*
             from (
               select n.* from nearest n where not (select is_short from filled)
               union all
               select c.* from compared c where (select is_short from filled)) f
             order by f.source_id, f.distance) b),
         (select count(*) from compared) < coalesce(most, 9223372036854775807)
  into leg.matches, leg.is_complete;
  return leg;
end $$;
comment on function private.nearest_of_sources(
  extensions.halfvec, smallint, uuid[], uuid[], integer, integer, bigint) is
  'Exact: as nearest_of_visible, of the given sources.';

create function private.nearest_of_many(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer,
  row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan set work_mem = '64MB'
as $$
begin
  return private.nearest_of_visible(query_embedding, model, scopes, shares, excluded, match_count, row_limit, most);
end $$;
comment on function private.nearest_of_many(
  extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint) is
  'As nearest_of_visible, for many passages. Where only documents or only products are searched, audiences that the planner knows '
  'are looked up in a hash table, others one after the other, which takes three times as long for a caller who has 800. What was '
  'compared of a million rows fits into the memory.';

create function private.nearest_outside(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], is_waiting boolean, row_limit integer,
  most bigint)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  if is_waiting then
    return query
      select n.source_id, n.chunk_id, 1 - n.distance
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model and not e.is_indexed and e.shard_id = 0 and e.scope_id = any (scopes)
          and (excluded is null or not e.source_id in (select unnest(excluded)))
        limit most) n
      order by n.distance + 0 limit row_limit;
  else
    return query
      select n.source_id, n.chunk_id, 1 - n.distance
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model and e.shard_id = 0 and e.scope_id = any (scopes)
          and (excluded is null or not e.source_id in (select unnest(excluded)))
        limit most) n
      order by n.distance + 0 limit row_limit;
  end if;
end $$;
comment on function private.nearest_outside(
  extensions.halfvec, smallint, uuid[], uuid[], boolean, integer, bigint) is
  'Exact: what no shard holds of these audiences, or, of that, what waits for the common index as well; no more than most.';

create function private.nearest_by_plan(
  query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[],
  shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  walked constant smallint[] := case when plan.walks then plan.shards || 0::smallint else plan.shards end;
  near private.chunk_match[] := '{}';
  shard smallint;
begin
  foreach shard in array walked loop
    near := near || private.walk_index(
      query_embedding, model, dimensions, shard, scopes, sources, excluded, row_limit, cardinality(walked));
  end loop;
  if sources is null and cardinality(shares) > 0 then
    near := near || (private.nearest_of_sources(
      query_embedding, model, shares, excluded, match_count, row_limit, private.comparison_limit() / 2)).matches;
  end if;
  return near || array(
    select m
    from private.nearest_outside(
      query_embedding, model, scopes, excluded, plan.walks, row_limit, private.comparison_limit()) m
    where sources is null or m.source_id = any (sources));
end $$;
comment on function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], uuid[], integer, integer) is
  'The nearest passages of each part of the plan, of sources alone where they are given.';

create function private.semantic_matches(
  query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer,
  exact boolean default false
) returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model constant record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  named_scopes constant uuid[] := case when not kinds @> '{documents,products}' then scopes end;
  shares constant uuid[] := private.search_shares(kinds);
  plan constant private.search_plan := private.plan_search(model.id, scopes);
  is_walked constant boolean := not exact and (plan.walks or cardinality(plan.shards) > 0);
  most constant bigint := case when not exact then private.comparison_limit() end;
  row_limit constant integer := greatest(200, 8 * match_count);
  near private.chunk_match[] := '{}';
  leg private.search_leg;
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is not null then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, case when is_walked then most end);
    if leg.is_complete then
      return leg;
    end if;
    near := leg.matches;
  elsif not is_walked and plan.passages <= private.replanning_limit() then
    return private.nearest_of_visible(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null);
  elsif not is_walked then
    return private.nearest_of_many(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null);
  end if;
  near := near || private.nearest_by_plan(
    query_embedding, model.id, model.dimensions, plan, scopes, shares, sources, excluded, match_count, row_limit);
  leg := (private.best_of_sources(near, row_limit), false);
  if cardinality(leg.matches) < match_count then
    -- A long document may have filled the rows with passages of its own.
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  if cardinality(leg.matches) < match_count and sources is null then
    -- The walk came up short: passages of others are nearest. Some are compared, and often all.
    leg := private.nearest_of_many(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, most);
    near := near || leg.matches;
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  return leg;
end $$;
comment on function private.semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer, boolean) is
  'The nearest sources, best passage each: exact where no more than private.comparison_limit passages are to be compared, by '
  'indexes beyond, some compared as well when these come up short. exact: compares everything.';

grant execute on function
  private.walk_limit(),
  private.walk_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], uuid[], integer, integer),
  private.nearest_of_visible(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint),
  private.nearest_of_many(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint),
  private.nearest_of_sources(extensions.halfvec, smallint, uuid[], uuid[], integer, integer, bigint),
  private.nearest_outside(extensions.halfvec, smallint, uuid[], uuid[], boolean, integer, bigint),
  private.nearest_by_plan(
    extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], uuid[], integer, integer),
  private.semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer, boolean)
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
  leg private.search_leg := ('{}', true);
  by_meaning private.chunk_match[] := '{}';
  by_words private.search_leg := ('{}', true);
  has_every_word boolean := true;
  sources_found bigint;
  is_full boolean;
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
    leg := private.semantic_matches(
      query_embedding, kinds, sources, excluded, max_results, exact => effort = 'exact');
    by_meaning := array(select m from unnest(leg.matches) m order by m.score desc limit candidate_count);
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
    marks := array(select (t.stemmer, private.word_query(t.word))::private.marked_word from unnest(terms) t);
  end if;

  is_full := max_results <= (
    select count(*) from (
      select m.source_id from unnest(by_meaning) m union select m.source_id from unnest(by_words.matches) m) s);
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
         has_every_word and f.shown = f.results and (is_full or leg.is_complete and by_words.is_complete), f.owner
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

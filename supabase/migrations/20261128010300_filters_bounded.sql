-- Purpose: a filter that most documents pass has a bound, and costs a quarter of what it did: indexes are walked past
-- what fails, and what has the words is looked for among what passes; everything that passes was compared and gathered.
-- Searches by words use what 20261128010000 made, and read half of the postings where meaning finds passages as well.
-- Undo: create keyword_matches of 20261127235900, walk_index and semantic_matches of 20261127220100 and nearest_by_plan
-- of 20261127220400 again; drop function private.source_limit().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A hnsw setting in a function's header is refused until the library is loaded in this session.
select extensions.vector_dims('[1]'::extensions.vector);

create function private.source_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 5000 $$;
comment on function private.source_limit() is
  'Documents and products up to which a search looks at everything that passes its filters: about 3 microseconds each. '
  'Where more pass, it searches as without filters, and leaves out what fails.';
grant execute on function private.source_limit() to anon, authenticated, service_role;

create or replace function private.walk_index(
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
      case shard
        when 0 then 'e.is_indexed and e.scope_id = any ($2)' else pg_catalog.format('e.shard_id = %s', shard) end,
      -- In a hash table: the planner looks at each element of an array.
      case when sources is not null then 'and ($3 is null or e.source_id in (select unnest($3)))' end,
      case when excluded is not null then 'and not e.source_id in (select unnest($4))' end)
    using query_embedding, scopes, sources, excluded, wide
  loop
    near := near || (met.source_id, met.chunk_id, met.score)::private.chunk_match;
    exit when cardinality(near) = narrow
      and not private.is_astray(array(select n from unnest(near) n order by n.score desc));
  end loop;
  return near;
end $$;

create or replace function private.nearest_by_plan(
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
  if plan.walks then
    return near || array(
      select m
      from private.nearest_waiting(query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
      where sources is null or m.source_id in (select unnest(sources)));
  end if;
  return near || array(
    select m
    from private.nearest_outside_shards(
      query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
    where sources is null or m.source_id in (select unnest(sources)));
end $$;

create or replace function private.semantic_matches(
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
  if sources is not null and (not is_walked or cardinality(sources) <= private.source_limit()) then
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
  if cardinality(leg.matches) < match_count and cardinality(sources) > private.source_limit() then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, private.source_limit());
    leg := (private.best_of_sources(near || leg.matches, cardinality(near || leg.matches)), leg.is_complete);
  end if;
  return leg;
end $$;

create or replace function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[],
  match_count integer)
returns private.search_leg
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '16MB'
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  -- Where passages were found by meaning as well, the two searches share the time.
  posting_limit constant bigint := private.posting_limit((private.search_extent(kinds)).passages)
    / case when cardinality(also) > 0 then 2 else 1 end;
  row_limit constant integer := private.posting_row_limit();
  also_posted constant bigint[] := array(
    select m.posting_id from private.posted_passages m where m.chunk_id = any (also));
  is_bounded boolean := coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  -- The rarest words find the passages, as many words as there is time for. The others tell little: they count for the
  -- passages that were found.
  rare constant private.query_term[] := array(
    select s.term
    from (
      select t::private.query_term as term, t.frequency,
             sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
      from unnest(terms) t) s
    where s.read <= posting_limit or s.read = s.frequency);
  passes_many constant boolean := coalesce(cardinality(sources) > private.source_limit(), false);
  most integer := case when passes_many then 128 else 16 end * match_count;
  place_limit integer;
  posting_ids bigint[];
  scores double precision[];
  meant_ids bigint[];
  meant_scores double precision[];
  rows_read bigint;
  found private.chunk_match[];
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. All is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with listed as materialized (
      select p.postings, t.weight, p.steepness
      from unnest(rare) t
      -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
      cross join lateral (
        select w.postings, 0.9 / t.average_length as steepness from private.postings w
        where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p
      limit row_limit
    ), posted as materialized (
      select x.posting_id, sum(x.score) as score
      from (
        select r.posting >> 16 as posting_id,
               r.weight * ((r.posting >> 11) & 31)::double precision / (
                 ((r.posting >> 11) & 31)::double precision + 0.3::double precision
                 + r.steepness * (r.posting & 2047)::double precision) as score
        -- A single word may have more.
        from (select unnest(l.postings) as posting, l.weight, l.steepness from listed l limit posting_limit) r
        offset 0) x -- calculated before they are sorted, which has less to move
      group by x.posting_id
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or passes_many or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit most
    ), meant as materialized (
      select p.posting_id, p.score from posted p
      where also_posted is null or p.posting_id in (select unnest(also_posted)))
    select array(select b.posting_id from best b), array(select b.score from best b),
           array(select m.posting_id from meant m), array(select m.score from meant m), (select count(*) from listed)
    into posting_ids, scores, meant_ids, meant_scores, rows_read;
    is_bounded := is_bounded or rows_read = row_limit;

    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    foreach place_limit in array array[2 * match_count, most] loop
      with located as materialized (
        select c.source_id, c.id, b.score,
               row_number() over (partition by c.source_id order by b.score desc, c.id) as rank
        from unnest(posting_ids[:place_limit], scores[:place_limit]) b (posting_id, score)
        join private.posted_passages m using (posting_id)
        join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded)))
      ), best as materialized (
        select l.source_id, l.id, l.score from located l where l.rank <= 2 order by l.score desc limit 2 * match_count
      ), scored as (
        select b.* from best b where not is_bounded
        union all
        select c.source_id, c.id, m.score
        from unnest(meant_ids, meant_scores) m (posting_id, score)
        join private.posted_passages p using (posting_id)
        join public.chunks c on c.id = p.chunk_id
        where not is_bounded
        union all
        -- Where not every posting was read, all words of what was found count.
        select s.*
        from private.scores_of_passages(
          direct || case when is_bounded then also || array(select b.id from best b) end, terms) s
        union all
        select a.* from private.article_matches(query, scopes, sources) a where 'products' = any (kinds))
      select array_agg((s.source_id, s.id, least(s.score, 1))::private.chunk_match),
             (select count(*) from located l where l.rank = 1)
      into found, sources_read
      from scored s
      where (sources is null or s.source_id in (select unnest(sources)))
        and (excluded is null or not s.source_id in (select unnest(excluded)));
      exit when sources_read >= match_count or cardinality(posting_ids) < place_limit;
    end loop;
    exit when sources_read >= case when passes_many then match_count else match_count / 10 end
      or cardinality(posting_ids) < most;
    most := 8 * most;
  end loop;
  return (
    array(
      select (b.source_id, b.chunk_id, b.score)::private.chunk_match
      from (
        select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
      union
      select (f.source_id, f.chunk_id, f.score)::private.chunk_match
      from unnest(found) f where f.chunk_id = any (also)),
    cardinality(posting_ids) < most and not is_bounded);
end $$;

-- Search by meaning: the nearest chunks by cosine distance.
--
-- private.semantic_matches() follows the plan: exact comparison where few chunks are visible or few sources remain
-- after filters, else walks of indexes, with what no index holds compared directly. When walks come up short, some
-- chunks are compared as well. A long document may fill all rows with chunks of its own; then the best chunk of each
-- source is looked for instead.

create function private.nearest_of_visible(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[],
  match_count integer, row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  near private.chunk_match[];
  chunks bigint;
begin
  near := array(
    select (n.source_id, n.chunk_id, 1 - n.distance)::private.chunk_match
    from (
      select c.*
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
        limit most) c
      order by c.distance + 0 limit row_limit) n);
  if cardinality(near) < row_limit then
    return (private.best_of_sources(near, row_limit), true);
  end if;
  if (select count(distinct n.source_id) from unnest(near) n) < match_count then
    -- A long document has filled the rows with chunks of its own.
    with compared as (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most
    )
    select array(
      select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
      from (select distinct on (c.source_id) c.* from compared c order by c.source_id, c.distance) b)
    into near;
  end if;
  if most is not null then
    select count(*) into chunks
    from (
      select
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(chunks < most, true));
end $$;
comment on function private.nearest_of_visible is
  'Exact: the best chunk of each source among the row_limit nearest, or of every source when those are of fewer than '
  'match_count sources. Compares at most `most` of the chunks that the caller sees, or of those in scopes and shares '
  'when scopes are given.';

create function private.nearest_of_sources(
  query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer,
  row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  near private.chunk_match[];
  chunks bigint;
begin
  near := array(
    select (n.source_id, n.chunk_id, 1 - n.distance)::private.chunk_match
    from (
      select c.*
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
        limit most) c
      order by c.distance + 0 limit row_limit) n);
  if cardinality(near) < row_limit then
    return (private.best_of_sources(near, row_limit), true);
  end if;
  if (select count(distinct n.source_id) from unnest(near) n) < match_count then
    -- A long document has filled the rows with chunks of its own.
    with compared as (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
      limit most
    )
    select array(
      select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
      from (select distinct on (c.source_id) c.* from compared c order by c.source_id, c.distance) b)
    into near;
  end if;
  if most is not null then
    select count(*) into chunks
    from (
      select
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(chunks < most, true));
end $$;
comment on function private.nearest_of_sources is 'Exact: as nearest_of_visible, of the given sources.';

create function private.nearest_of_many(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[],
  match_count integer, row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan set work_mem = '64MB'
as $$
begin
  return private.nearest_of_visible(query_embedding, model, scopes, shares, excluded, match_count, row_limit, most);
end $$;
comment on function private.nearest_of_many is
  'nearest_of_visible for many chunks, with a custom plan, which looks scopes up in a hash table (three times as fast '
  'for a caller with 800), and with memory for a million rows.';

create function private.nearest_outside_scope_indexes(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
      from public.chunk_embeddings e
      where e.model_id = model and e.scope_index_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;
comment on function private.nearest_outside_scope_indexes is
  'Exact: the nearest chunks of these scopes that no scope index holds; compares at most `most`.';

create function private.nearest_waiting(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
      from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.scope_index_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;
comment on function private.nearest_waiting is
  'Exact: the nearest chunks of these scopes that no index holds yet; compares at most `most`.';

create function private.nearest_by_plan(
  query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[],
  shares uuid[], sources uuid[], wanted private.source_filter, excluded uuid[], match_count integer,
  row_limit integer, visits integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  walked constant smallint[] := case when plan.walks then 0::smallint || plan.scope_indexes else plan.scope_indexes end;
  -- Where a filter drops some of what walks return, each goes as far at once as for an out-of-distribution question.
  walked_rows constant integer := case when wanted is null then row_limit
    else 5 * row_limit / greatest(1, least(3, cardinality(walked))) end;
  walked_sources constant uuid[] := case when wanted is null then sources end;
  near private.chunk_match[] := '{}';
  scope_index smallint;
  tenth_best double precision;
begin
  foreach scope_index in array walked loop
    if cardinality(near) > 0 and wanted is null then
      near := array(select n from unnest(near) n order by n.score desc);
      tenth_best := case when not private.is_out_of_distribution(near) then (near[10]).score end;
    end if;
    near := near || private.walk_index(
      query_embedding, model, dimensions, scope_index, scopes, walked_sources, excluded, walked_rows, visits,
      cardinality(walked),
      tenth_best);
  end loop;
  if walked_sources is null and cardinality(shares) > 0 then
    near := near || (private.nearest_of_sources(
      query_embedding, model, shares, excluded, match_count, row_limit, private.comparison_limit() / 2)).matches;
  end if;
  if plan.walks then
    return near || array(
      select m
      from private.nearest_waiting(query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
      where walked_sources is null or m.source_id in (select unnest(walked_sources)));
  end if;
  return near || array(
    select m
    from private.nearest_outside_scope_indexes(
      query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
    where walked_sources is null or m.source_id in (select unnest(walked_sources)));
end $$;
comment on function private.nearest_by_plan is
  'The nearest chunks of each part of the plan; of sources only when they are given and nothing else is wanted.';

create function private.check_vector(query_embedding extensions.halfvec, model text, dimensions integer) returns void
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model, dimensions using errcode = 'invalid_parameter_value';
  end if;
end $$;
comment on function private.check_vector is
  'Raises an error for a vector that cannot be compared with those of the model.';

create function private.semantic_matches(
  query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer,
  exact boolean default false, share double precision default 1, wanted private.source_filter default null
) returns private.search_leg language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model constant record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  named_scopes constant uuid[] := case when not kinds @> '{documents,products}' then scopes end;
  shares constant uuid[] := private.search_shares(kinds);
  plan constant private.search_plan := private.plan_search(model.id, scopes);
  is_walked constant boolean := not exact and (plan.walks or cardinality(plan.scope_indexes) > 0);
  most constant bigint := private.comparison_limit();
  row_limit constant integer := greatest(case when wanted is null then 200 else 1000 end, 8 * match_count);
  near private.chunk_match[];
  leg private.search_leg := ('{}', false);
begin
  perform private.check_vector(query_embedding, model.name, model.dimensions);
  if sources is not null and wanted is null and (not is_walked or cardinality(sources) <= private.source_limit()) then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, case when is_walked then most end);
    if leg.is_complete then
      return leg;
    end if;
  elsif not is_walked then
    leg := case when plan.chunks <= private.replanning_limit() then private.nearest_of_visible(
        query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null)
      else private.nearest_of_many(
        query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null) end;
    if wanted is null then
      return leg;
    end if;
  end if;
  near := leg.matches;
  if is_walked then
    near := near || private.nearest_by_plan(
      query_embedding, model.id, model.dimensions, plan, scopes, shares, sources, wanted, excluded, match_count,
      greatest(ceil(200 * share), 8 * match_count)::integer, ceil(share * private.walk_limit())::integer);
  end if;
  near := private.passing(near, wanted);
  leg := (private.best_of_sources(near, row_limit), false);
  if cardinality(leg.matches) < match_count then
    -- A long document may have filled the rows with chunks of its own.
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  if cardinality(leg.matches) < match_count and sources is null then
    -- The walks came up short, since chunks of others are nearest. Some are compared, and often all.
    leg := private.nearest_of_many(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, most);
    near := near || leg.matches;
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  if cardinality(leg.matches) < match_count
    and (not wanted is null or cardinality(sources) > private.source_limit()) then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, private.source_limit());
    leg := (private.best_of_sources(near || leg.matches, cardinality(near || leg.matches)), leg.is_complete);
  end if;
  return leg;
end $$;
comment on function private.semantic_matches is
  'The nearest sources, best chunk each: exact when at most private.comparison_limit chunks are to be compared, '
  'otherwise by indexes. exact: compares everything. share: how much of the bounds on walks this search has. '
  'sources: those that may be found. wanted: what they must pass, for very many; then sources are some that do.';

create function private.nearest_matches(query text, near private.search_leg, row_limit integer)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  found constant private.chunk_match[] := case when private.is_stop_words(query) then array(
      select m from unnest(near.matches) m
      cross join lateral (select x.content from public.chunks x where x.id = m.chunk_id offset 0) c
      where c.content <> '')
    else near.matches end;
begin
  return (
    array(select m from unnest(found) m order by m.score desc limit row_limit),
    near.is_complete and cardinality(found) = cardinality(near.matches));
end $$;
comment on function private.nearest_matches is
  'The best of what a search by meaning found. The vector of stop words is near to whatever is short, so of these no '
  'source counts that is nothing but a title.';

grant execute on function
  private.nearest_of_visible, private.nearest_of_sources, private.nearest_of_many, private.nearest_by_plan,
  private.nearest_outside_scope_indexes, private.nearest_waiting, private.check_vector, private.semantic_matches,
  private.nearest_matches
  to anon, authenticated, service_role;

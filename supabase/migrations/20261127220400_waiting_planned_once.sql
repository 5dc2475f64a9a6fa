-- Purpose: what waits for an index is compared by a plan that is made once. Planning it for a caller of 800 audiences took 8 ms,
-- mostly to find nothing.
-- Undo: create nearest_by_plan and nearest_outside of 20261127220100 again; drop function private.nearest_waiting.
-- Nothing is released that calls the function.
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '60s';

drop function private.nearest_outside(extensions.halfvec, smallint, uuid[], uuid[], boolean, integer, bigint);

create function private.nearest_outside_shards(
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
      where e.model_id = model and e.shard_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;
comment on function private.nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint) is
  'Exact: what no shard holds of these audiences; no more than most.';

create function private.nearest_waiting(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
      from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.shard_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;
comment on function private.nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint) is
  'Exact: what no index holds yet of these audiences; no more than most.';

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
      where sources is null or m.source_id = any (sources));
  end if;
  return near || array(
    select m
    from private.nearest_outside_shards(
      query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
    where sources is null or m.source_id = any (sources));
end $$;
comment on function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], uuid[], integer, integer) is
  'The nearest passages of each part of the plan, of sources alone where they are given.';

grant execute on function
  private.nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint),
  private.nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint)
  to anon, authenticated, service_role;

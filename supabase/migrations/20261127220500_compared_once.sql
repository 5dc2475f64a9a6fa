-- Purpose: comparing takes a third less: what was compared is gathered by sources only where the nearest are of too few.
-- Undo: create nearest_of_visible and nearest_of_sources of 20261127220100 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.nearest_of_visible(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer,
  row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  near private.chunk_match[];
  passages bigint;
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
    -- A long document has filled the rows with passages of its own.
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
    select count(*) into passages
    from (
      select
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(passages < most, true));
end $$;

create or replace function private.nearest_of_sources(
  query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer,
  row_limit integer, most bigint)
returns private.search_leg
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  near private.chunk_match[];
  passages bigint;
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
    -- A long document has filled the rows with passages of its own.
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
    select count(*) into passages
    from (
      select
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(passages < most, true));
end $$;

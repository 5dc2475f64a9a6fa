-- Purpose: a question about something else is compared with every passage, where a walk of the index would lose what it asks for.
-- Undo: drop the functions below and the attribute; create those of 20261123030300 again.
-- What is dropped is asked by functions of these migrations alone.
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A hnsw setting in a function's header is refused until the library is loaded in this session.
select '[1]'::extensions.halfvec operator(extensions.<=>) '[1]'::extensions.halfvec;

create function private.is_astray(near private.chunk_match[]) returns boolean
language plpgsql immutable security invoker parallel safe set search_path = ''
as $$
declare
  nearest constant double precision := 1 - (near[10]).score;
  furthest constant double precision := 1 - (near[cardinality(near)]).score;
begin
  return coalesce(furthest - nearest < 0.15 * nearest, false);
end $$;
comment on function private.is_astray(private.chunk_match[]) is
  'Whether all that a walk found is about as far as the tenth: then the question is about something else than the passages, '
  'the few that answer it have neighbours which do not, and no edge of the graph leads there. Cooking asked in software '
  'manuals: the walk finds .84 of the ten nearest, the widest that there is .97 to .98, and often not the first. Of '
  'questions that this does not name, it finds .997.';

create function private.comparison_limit() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 1000000 $$;
comment on function private.comparison_limit() is
  'Visible passages up to which a question that has gone astray is compared with all of them: some 0.7 s at that number.';

alter type private.search_plan add attribute passages bigint;
comment on type private.search_plan is
  'How a caller''s audiences are searched: the shards of the giants among them, whether the others hold so much that the '
  'common index is walked, and how many passages there are in all.';

create or replace function private.plan_search(model smallint, scopes uuid[]) returns private.search_plan
language plpgsql stable security definer set search_path = ''
as $$
declare
  plan private.search_plan;
begin
  plan.shards := array(select s.id from private.shards s where s.model_id = model and s.scope_id = any (scopes));
  select coalesce(sum(c.passages), 0),
         coalesce(sum(c.passages) filter (where not exists (
           select from private.shards s where s.model_id = model and s.is_complete and s.scope_id = c.scope_id)), 0)
           > private.exact_search_limit()
  into plan.passages, plan.walks
  from private.passage_counts c where c.scope_id = any (scopes);
  return plan;
end $$;

-- Walks as far as a question of the passages' own domain needs.
create or replace function private.nearest_of_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], excluded uuid[],
  row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = ''
  set enable_seqscan = off
  set enable_sort = off
  set hnsw.iterative_scan = relaxed_order
  set hnsw.ef_search = 200
  set hnsw.max_scan_tuples = 40000
as $$
begin
  return private.walk_index(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
end $$;

create function private.nearest_of_index_widely(
  query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], excluded uuid[],
  row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = ''
  set enable_seqscan = off
  set enable_sort = off
  set hnsw.iterative_scan = relaxed_order
  set hnsw.ef_search = 1000
  set hnsw.max_scan_tuples = 40000
as $$
begin
  return private.walk_index(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
end $$;
comment on function private.nearest_of_index_widely(
  extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer) is
  'As nearest_of_index, as far as pgvector goes: for questions that have gone astray among too many passages to compare.';

drop function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer);
create function private.nearest_by_plan(
  query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[],
  shares uuid[], excluded uuid[], row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = ''
as $$
declare
  near private.chunk_match[] := '{}';
  walked private.chunk_match[];
  shard smallint;
begin
  foreach shard in array case when plan.walks then plan.shards || 0::smallint else plan.shards end loop
    walked := private.nearest_of_index(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
    if private.is_astray(walked) then
      if plan.passages <= private.comparison_limit() then
        return null;
      end if;
      walked := private.nearest_of_index_widely(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
    end if;
    near := near || walked;
  end loop;
  near := near || array(select m from private.nearest_of_sources(query_embedding, model, shares, excluded, row_limit) m);
  if plan.walks then
    return near || array(select m from private.nearest_waiting(query_embedding, model, scopes, excluded, row_limit) m);
  end if;
  return near || array(
    select m from private.nearest_outside_shards(query_embedding, model, scopes, excluded, row_limit) m);
end $$;
comment on function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer) is
  'The nearest row_limit passages of each part of the plan; null when the question has gone astray, and all are to be '
  'compared.';
grant execute on function
  private.is_astray(private.chunk_match[]),
  private.comparison_limit(),
  private.nearest_of_index_widely(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer),
  private.nearest_by_plan(extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer)
  to anon, authenticated, service_role;

create or replace function private.semantic_matches(
  query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
declare
  model constant record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  plan constant private.search_plan := private.plan_search(model.id, scopes);
  row_limit integer := greatest(200, 8 * match_count);
  near private.chunk_match[];
  best private.chunk_match[];
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is null and (plan.walks or cardinality(plan.shards) > 0) then
    near := private.nearest_by_plan(query_embedding, model.id, model.dimensions, plan, scopes, shares, excluded, row_limit);
    best := private.best_of_sources(near, row_limit);
    if near is not null and cardinality(best) >= match_count then
      return query select * from unnest(best);
      return;
    end if;
  end if;
  loop
    if sources is null then
      near := array(select m from private.nearest_of_visible(
        query_embedding, model.id, case when not kinds @> '{documents,products}' then scopes end, shares, excluded, row_limit) m);
    else
      near := array(select m from private.nearest_of_sources(query_embedding, model.id, sources, excluded, row_limit) m);
    end if;
    best := private.best_of_sources(near, row_limit);
    -- A long document may have filled the rows with passages of its own.
    exit when cardinality(best) >= match_count or cardinality(near) < row_limit;
    row_limit := 8 * row_limit;
  end loop;
  return query select * from unnest(best);
end $$;
comment on function private.semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer) is
  'The nearest sources, best passage each, at least match_count of them when that many are visible: exact for callers who '
  'see few passages, for filtered searches and for questions that go astray, indexes for the others, exact again when the '
  'indexes come up short.';

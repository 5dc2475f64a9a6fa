-- Purpose: comparing many passages is planned for the caller's audiences; how many may be compared is a setting.
-- Undo: create comparison_limit and semantic_matches of 20261124080100 again; drop the other functions below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.comparison_limit() returns integer
language sql stable security invoker set search_path = ''
as $$ select coalesce(nullif(current_setting('tidegate.comparison_limit', true), '')::integer, 1000000) $$;
comment on function private.comparison_limit() is
  'Visible passages up to which a question that has gone astray is compared with all of them: a million, 0.7 s, '
  'unless the database says otherwise: alter database … set tidegate.comparison_limit = 400000. Beyond it, walks find .97.';

create function private.replanning_limit() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 10000 $$;
comment on function private.replanning_limit() is
  'Visible passages from which comparing them is planned anew for each caller, which takes as long as to compare a few hundred.';

create function private.nearest_of_many(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
  set plan_cache_mode = force_custom_plan
  set work_mem = '32MB'
as $$
begin
  return query
    select m.* from private.nearest_of_visible(query_embedding, model, scopes, shares, excluded, row_limit) m;
end $$;
comment on function private.nearest_of_many(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer) is
  'As nearest_of_visible, for many passages. Where only documents or only products are searched, audiences that the planner '
  'knows are looked up in a hash table, others one after the other, which takes three times as long for a caller who has '
  '800. A bitmap of a million rows fits into the memory.';

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
    if sources is null and plan.passages > private.replanning_limit() then
      near := array(select m from private.nearest_of_many(
        query_embedding, model.id, case when not kinds @> '{documents,products}' then scopes end, shares, excluded, row_limit) m);
    elsif sources is null then
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
grant execute on function
  private.replanning_limit(),
  private.nearest_of_many(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer)
  to anon, authenticated, service_role;

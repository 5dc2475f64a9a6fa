-- How to search vectors: compare all, or walk indexes; and where to search.
--
-- Up to 40,000 chunks all are compared, which is exact. Beyond that the HNSW indexes of the caller's large scopes and
-- the common index are walked, with a bound on the rows they may visit, shared by all indexes.
--
-- HNSW can miss answers to out-of-distribution questions: when all candidates are about equally distant, the graph may
-- have no path to the few relevant chunks. Such a walk goes on further. Where a walk has found what the question is
-- about, the next ones look only for what is as near.
--
-- What passes a filter is looked up first, up to a bound. Beyond it the search goes on without a list of what passes,
-- and what it finds must pass.

-- PostgreSQL refuses an hnsw parameter in a function's header until the library is loaded in the session.
do $$ begin perform extensions.vector_dims('[1]'::extensions.vector); end $$;

create type private.search_plan as (scope_indexes smallint[], walks boolean, chunks bigint);
comment on type private.search_plan is
  'The indexes of the large scopes among the caller''s, whether the others hold so many chunks that the common index '
  'is walked, and the number of chunks in all.';

create function private.replanning_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 10000 $$;
comment on function private.replanning_limit is
  'Visible chunks from which comparing is planned for each caller, which takes as long as a few hundred.';

create function private.comparison_limit() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    nullif(current_setting('tidegate.comparison_limit', true), '')::integer,
    (select s.comparison_limit from private.settings s), private.exact_search_limit())
$$;
comment on function private.comparison_limit is
  'Chunks that one search compares: private.exact_search_limit unless private.settings or, for one session, the '
  'parameter tidegate.comparison_limit says otherwise. When a caller sees more, indexes are walked. Definer: reads the '
  'settings.';

create function private.walk_limit() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select least(30000, 7000 + greatest(c.reltuples, 0) / 45)::integer
  from pg_class c where c.oid = 'public.chunk_embeddings'::regclass
$$;
comment on function private.walk_limit is
  'Chunks that the walks of one search may visit, at about 2 microseconds each; more when there are more. Definer: '
  'reads the size of the table.';

create function private.is_out_of_distribution(near private.chunk_match[], tenth_best double precision default null)
returns boolean
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  nearest constant double precision := 1 - greatest((near[10]).score, tenth_best);
  furthest constant double precision := 1 - (near[cardinality(near)]).score;
begin
  return coalesce(furthest - nearest < 0.15 * nearest, false);
end $$;
comment on function private.is_out_of_distribution is
  'Whether all that a walk found is about as far as the tenth nearest: then the question is about something else than '
  'the chunks. For questions about cooking in software manuals, a walk finds .84 of the ten nearest, the widest one '
  '.97 to .98, and often not the first; for others it finds .997. tenth_best: as in walk_index.';

create function private.walk_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, scope_index smallint, scopes uuid[],
  sources uuid[], excluded uuid[], row_limit integer, visits integer, walks integer,
  tenth_best double precision default null)
returns private.chunk_match[]
language plpgsql stable security invoker
set search_path = pg_catalog, pg_temp
set enable_seqscan = off set enable_sort = off
set hnsw.iterative_scan = relaxed_order set hnsw.ef_search = 200 set hnsw.max_scan_tuples = 20000
set hnsw.scan_mem_multiplier = 4
as $$
declare
  -- When many indexes are walked, each holds fewer of the nearest. When others have found what the question is about,
  -- this one holds few that are nearer.
  narrow constant integer := case when tenth_best is not null then 60
    else greatest(60, least(row_limit, 3 * row_limit / walks)) end;
  wide constant integer := greatest(narrow, least(5 * row_limit, 1000) / walks);
  near private.chunk_match[] := '{}';
  met record;
begin
  perform set_config('hnsw.ef_search', least(narrow, 200)::text, true),
          set_config('hnsw.max_scan_tuples', greatest(2000, visits / walks)::text, true);
  -- Only integers are formatted into the text: a partial index requires constants.
  for met in execute pg_catalog.format($query$
    select e.source_id, e.chunk_id, 1 - (e.embedding::extensions.halfvec(%s) operator(extensions.<=>) $1) as score
    from public.chunk_embeddings e
    where e.model_id = %s and %s %s %s
    order by e.embedding::extensions.halfvec(%1$s) operator(extensions.<=>) $1
    limit $5
    $query$,
      dimensions, model,
      case scope_index when 0 then 'e.is_indexed and e.scope_id = any ($2)'
        else pg_catalog.format('e.scope_index_id = %s', scope_index) end,
      -- The subselect makes a hash table of an array, which the planner would otherwise estimate element by element.
      case when sources is not null then 'and ($3 is null or e.source_id in (select unnest($3)))' end,
      case when excluded is not null then 'and not e.source_id in (select unnest($4))' end)
    using query_embedding, scopes, sources, excluded, wide
  loop
    near := near || (met.source_id, met.chunk_id, met.score)::private.chunk_match;
    exit when cardinality(near) % narrow = 0
      and not private.is_out_of_distribution(array(select n from unnest(near) n order by n.score desc), tenth_best);
  end loop;
  return near;
end $$;
comment on function private.walk_index is
  'Approximate: the nearest chunks in a scope index, or of these scopes in the common index (0), nearly in order. Goes '
  'further for an out-of-distribution question. visits: how many chunks all walks may visit. walks: how many indexes '
  'share them. tenth_best: the score of the '
  'tenth nearest that other walks have found, unless the question is out of distribution for these.';

create function private.plan_search(model smallint, scopes uuid[]) returns private.search_plan
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  plan private.search_plan;
  indexed uuid[];
begin
  plan.scope_indexes := array(
    select s.id from private.scope_indexes s where s.model_id = model and s.scope_id = any (scopes));
  indexed := array(
    select s.scope_id from private.scope_indexes s
    where s.model_id = model and s.is_complete and s.scope_id = any (scopes));
  -- Walking a scope index takes as long as comparing 10,000 chunks.
  select coalesce(sum(c.chunks), 0),
         coalesce(sum(c.chunks) filter (where not c.scope_id = any (indexed)), 0)
           > greatest(
             private.comparison_limit() / 2, private.comparison_limit() - 10000 * cardinality(plan.scope_indexes))
  into plan.chunks, plan.walks
  from private.chunk_counts c where c.scope_id = any (scopes);
  return plan;
end $$;
comment on function private.plan_search is 'How to search these scopes. Definer: reads their counts and indexes.';

create type private.search_range as (sources uuid[], wanted private.source_filter, some_sources uuid[]);
comment on type private.search_range is
  'Where to search: the sources that may be found (null: all), or what they must pass and some that do.';

create function private.search_range(kinds text[], wanted private.source_filter, exact boolean)
returns private.search_range
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  look_ups constant integer := coalesce(wanted.look_ups, private.look_up_limit());
  passing uuid[];
begin
  if wanted is null then
    return null;
  end if;
  if exact then
    return (
      array(select private.filtered_sources(kinds, wanted, null, null)), null::private.source_filter, null::uuid[]);
  end if;
  passing := array(select private.filtered_sources(kinds, wanted, private.source_limit() + 1, look_ups));
  if cardinality(passing) <= private.source_limit() and (
    wanted.document_ids is not null
    or (private.plan_search(0::smallint, private.search_scopes(kinds))).chunks <= look_ups
    or not exists (
      select from public.documents d
      where 'documents' = any (kinds)
        and (wanted.organization_ids is null or d.organization_id = any (wanted.organization_ids))
      offset look_ups limit 1)
    and not exists (
      select from public.products p where 'products' = any (kinds) offset look_ups limit 1))
  then
    return (passing, null::private.source_filter, null::uuid[]);
  end if;
  return (null::uuid[], wanted, passing);
end $$;
comment on function private.search_range is
  'Where to search for what passes a filter: these sources, or where more than private.source_limit pass or more than '
  'private.look_up_limit would have to be looked at, everywhere, and what is found must pass.';

grant execute on function
  private.replanning_limit, private.comparison_limit, private.walk_limit,
  private.walk_index, private.plan_search, private.is_out_of_distribution, private.search_range
  to anon, authenticated, service_role;

-- Purpose: the nearest passages for whoever asks: an index of its own for each giant audience, and counts that choose the way.
-- Undo: drop the functions, the table and the column below; create the functions of 20261122230800 again.
-- What is dropped is asked by functions of these migrations alone, and an index is gone in an instant.
-- squawk-ignore-file ban-drop-function, require-concurrent-index-deletion
set local lock_timeout = '10s';
set local statement_timeout = '10min';

-- A hnsw setting in a function's header is refused until the library is loaded in this session.
select '[1]'::extensions.halfvec operator(extensions.<=>) '[1]'::extensions.halfvec;

drop function private.semantic_matches(extensions.halfvec, text[], uuid[], integer);
drop function private.nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer);
drop function private.nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer, boolean);
drop function private.nearest_of_sources(extensions.halfvec, smallint, uuid[], integer, boolean);
drop function private.best_of_sources(private.chunk_match[]);

-- Giant audiences ----------------------------------------------------------------------------------------------

-- An index over everybody's vectors answers a caller who sees a part of them by walking past the others', and loses rows
-- when the part is small. An audience that has its own index is never filtered.
create table private.shards (
  id smallint primary key generated always as identity,
  model_id smallint not null references private.embedding_models (id) on delete cascade,
  scope_id uuid not null,
  is_complete boolean not null default false,
  created_at timestamptz not null default now(),
  unique (scope_id, model_id)
);
create index shards_model_id_idx on private.shards (model_id);
alter table private.shards enable row level security;
alter table private.shards force row level security;
create policy "functions alone use it" on private.shards for all to anon, authenticated using (false);
comment on table private.shards is 'Audiences so large that their vectors of a model have an index of their own.';
comment on column private.shards.id is 'Stands beside every vector in it.';
comment on column private.shards.model_id is 'The model.';
comment on column private.shards.scope_id is 'The audience.';
comment on column private.shards.is_complete is 'Whether all its vectors have left the common index.';
comment on column private.shards.created_at is 'When its index was made.';

alter table public.chunk_embeddings add column shard_id smallint not null default 0;
comment on column public.chunk_embeddings.shard_id is
  'The shard whose index holds it; 0 where none does: then the common index holds it, or it waits.';
comment on column public.chunk_embeddings.is_indexed is
  'Whether the model''s common HNSW index holds it. Search compares what no index holds one by one, so that writing need '
  'not wait for an index; the worker indexes when it has nothing more urgent to do.';
drop index public.chunk_embeddings_scope_id_idx;
create index chunk_embeddings_scope_id_idx on public.chunk_embeddings (scope_id, model_id, shard_id);
drop index public.chunk_embeddings_waiting_idx;
create index chunk_embeddings_waiting_idx on public.chunk_embeddings (model_id, scope_id) where not is_indexed and shard_id = 0;

create or replace function private.leave_index() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  new.is_indexed := false;
  new.shard_id := 0;
  return new;
end $$;

create or replace function private.exact_search_limit() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 50000 $$;
comment on function private.exact_search_limit() is
  'Passages outside shards up to which all are compared: about a microsecond each. To walk a common index of 560,000 for '
  '30,000 of them takes three times as long, and finds .97 of the ten nearest.';

create function private.shard_size() returns integer
language sql immutable security invoker parallel safe set search_path = ''
as $$ select 20000 $$;
comment on function private.shard_size() is
  'Passages from which an audience has an index of its own; it loses it below half of that.';
grant execute on function private.shard_size() to tidegate_worker;

create function private.open_shard(of_model smallint default null) returns uuid
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s'
as $$
declare
  model private.embedding_models;
  giant uuid;
  shard smallint;
begin
  select m.* into model from private.embedding_models m where m.id = of_model or (of_model is null and m.is_active);
  select c.scope_id into giant from private.passage_counts c
  where not exists (select from private.shards s where s.scope_id = c.scope_id and s.model_id = model.id)
  group by c.scope_id having sum(c.passages) >= private.shard_size()
  limit 1;
  if giant is null then
    return null;
  end if;
  insert into private.shards (model_id, scope_id) values (model.id, giant) returning id into shard;
  -- Empty at first, so that making it takes one look at the table; writers wait for that, and no longer than 2 s.
  execute pg_catalog.format(
    'create index chunk_embeddings_shard_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 32, ef_construction = 400) where model_id = %3$s and shard_id = %1$s',
    shard, model.dimensions, model.id);
  return giant;
end $$;
comment on function private.open_shard(smallint) is
  'Makes the index of an audience that has grown to a giant, if there is one, and names it; for the active model unless '
  'another is given. Definer: only the owner of a table makes its indexes.';

create function private.close_shard() returns uuid
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s'
as $$
declare
  closed record;
begin
  select s.id, s.scope_id into closed from private.shards s
  where 2 * (select coalesce(sum(c.passages), 0) from private.passage_counts c where c.scope_id = s.scope_id) < private.shard_size()
  limit 1 for update;
  if not found then
    return null;
  end if;
  execute pg_catalog.format('drop index public.chunk_embeddings_shard_%s_idx', closed.id);
  update public.chunk_embeddings e set shard_id = 0 where e.scope_id = closed.scope_id and e.shard_id = closed.id;
  delete from private.shards s where s.id = closed.id;
  return closed.scope_id;
end $$;
comment on function private.close_shard() is
  'Drops the index of an audience that is no giant any more, if there is one, and names it. Definer: as open_shard.';
grant execute on function private.open_shard(smallint), private.close_shard() to tidegate_worker;

drop function private.index_embeddings(integer, integer);
create function private.index_embeddings(max_rows integer, tolerated integer, of_model smallint default null)
returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  model constant smallint := coalesce(of_model, (private.active_embedding_model()).id);
  filling private.shards;
  indexed integer := 0;
begin
  select s.* into filling from private.shards s where s.model_id = model and not s.is_complete limit 1;
  if found then
    update public.chunk_embeddings e set shard_id = filling.id, is_indexed = false
    from (
      select w.chunk_id from public.chunk_embeddings w
      where w.scope_id = filling.scope_id and w.model_id = model and w.is_indexed
      limit max_rows for no key update) w
    where e.chunk_id = w.chunk_id and e.model_id = model;
    get diagnostics indexed = row_count;
    update private.shards s set is_complete = true where s.id = filling.id and indexed = 0;
  end if;
  if indexed > 0
    or not exists (
      select from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.shard_id = 0 offset tolerated limit 1)
    or not exists (
      select from public.chunk_embeddings e where e.model_id = model offset private.exact_search_limit() limit 1)
  then
    return indexed;
  end if;
  update public.chunk_embeddings e set is_indexed = w.shard_id is null, shard_id = coalesce(w.shard_id, 0)
  from (
    select w.chunk_id, (select s.id from private.shards s where s.scope_id = w.scope_id and s.model_id = model) as shard_id
    from public.chunk_embeddings w
    where w.model_id = model and not w.is_indexed and w.shard_id = 0
    limit max_rows for no key update skip locked) w
  where e.chunk_id = w.chunk_id and e.model_id = model;
  get diagnostics indexed = row_count;
  return indexed;
end $$;
comment on function private.index_embeddings(integer, integer, smallint) is
  'Puts up to max_rows vectors of a model, the active one unless another is given, into their index, a giant''s or the '
  'common one, when more than tolerated wait and the collection is large enough to want one; says how many. Definer: the '
  'worker sees only what has a job, and these have none.';
grant execute on function private.index_embeddings(integer, integer, smallint) to tidegate_worker;

-- Ways to the nearest passages; each runs as the caller, under the policies of chunk_embeddings ------------------
-- Adding nothing to a distance keeps it from the vector index, where every row is to be compared.

create function private.nearest_of_sources(
  query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, (e.embedding operator(extensions.<=>) query_embedding) + 0 as distance
      from unnest(sources) s (id)
      join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
      where excluded is null or not e.source_id in (select unnest(excluded))
      order by distance limit row_limit) n;
end $$;
comment on function private.nearest_of_sources(extensions.halfvec, smallint, uuid[], uuid[], integer) is
  'Exact: every passage of the given sources is compared. For filtered searches.';

create function private.nearest_of_visible(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, (e.embedding operator(extensions.<=>) query_embedding) + 0 as distance
      from public.chunk_embeddings e
      where e.model_id = model
        and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      order by distance limit row_limit) n;
end $$;
comment on function private.nearest_of_visible(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer) is
  'Exact: every passage that the caller sees is compared, or, where scopes are named, of these and of the shares. The policy '
  'says which they are, and its audiences use the index.';

create function private.nearest_outside_shards(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, (e.embedding operator(extensions.<=>) query_embedding) + 0 as distance
      from public.chunk_embeddings e
      where e.model_id = model and e.shard_id = 0 and (scopes is null or e.scope_id = any (scopes))
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      order by distance limit row_limit) n;
end $$;
comment on function private.nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer) is
  'Exact: as nearest_of_visible, without what the index of a shard holds.';

create function private.walk_index(
  query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], excluded uuid[],
  row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = ''
as $$
declare
  near private.chunk_match[];
begin
  -- What stands in the text are integers of the registry: a partial index wants constants.
  execute pg_catalog.format($query$
    with candidates as materialized (
      select e.source_id, e.chunk_id, e.embedding::extensions.halfvec(%s) operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %s and %s %s
      order by e.embedding::extensions.halfvec(%1$s) operator(extensions.<=>) $1
      limit $4)
    select array(
      select (c.source_id, c.chunk_id, 1 - c.distance)::private.chunk_match from candidates c order by c.distance + 0)
    $query$,
      dimensions, model,
      case shard when 0 then 'e.is_indexed and e.scope_id = any ($2)' else pg_catalog.format('e.shard_id = %s', shard) end,
      case when excluded is not null then 'and not e.source_id in (select unnest($3))' end)
    into near using query_embedding, scopes, excluded, row_limit;
  return near;
end $$;
comment on function private.walk_index(
  extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer) is
  'What an HNSW index gives: the nearest first, as far as hnsw.ef_search sees.';

create function private.nearest_of_index(
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
declare
  near private.chunk_match[] := private.walk_index(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
  nearest constant double precision := 1 - (near[10]).score;
  furthest constant double precision := 1 - (near[cardinality(near)]).score;
begin
  -- Where everything is about as far as the tenth, the question is about something else, and the walk goes astray: of
  -- cooking asked in software manuals, it finds .96 of the ten nearest, looking wider .995, in three times the time.
  if furthest - nearest < 0.15 * nearest then
    perform set_config('hnsw.ef_search', '1000', true);
    near := private.walk_index(query_embedding, model, dimensions, shard, scopes, excluded, row_limit);
  end if;
  return near;
end $$;
comment on function private.nearest_of_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer) is
  'Approximate: walks the index of a shard, or the common one (0) until enough passages of these audiences are found or '
  '40,000 were looked at.';

create function private.nearest_waiting(
  query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer)
returns setof private.chunk_match
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, (e.embedding operator(extensions.<=>) query_embedding) + 0 as distance
      from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.shard_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      order by distance limit row_limit) n;
end $$;
comment on function private.nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer) is
  'Exact: what no index holds yet of these audiences.';

-- Choosing -----------------------------------------------------------------------------------------------------

create type private.search_plan as (shards smallint[], walks boolean);
comment on type private.search_plan is
  'How a caller''s audiences are searched: the shards of the giants among them, and whether the others hold so much that '
  'the common index is walked.';

create function private.plan_search(model smallint, scopes uuid[]) returns private.search_plan
language plpgsql stable security definer set search_path = ''
as $$
declare
  plan private.search_plan;
begin
  plan.shards := array(select s.id from private.shards s where s.model_id = model and s.scope_id = any (scopes));
  plan.walks := (
    select coalesce(sum(c.passages), 0) > private.exact_search_limit()
    from private.passage_counts c
    where c.scope_id = any (scopes) and not exists (
      select from private.shards s where s.model_id = model and s.is_complete and s.scope_id = c.scope_id));
  return plan;
end $$;
comment on function private.plan_search(smallint, uuid[]) is
  'How to search these audiences. Definer: reads counts; those of others tell which of two ways would be taken.';

create function private.nearest_by_plan(
  query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[],
  shares uuid[], excluded uuid[], row_limit integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = ''
as $$
declare
  near private.chunk_match[] := array(
    select m from private.nearest_of_sources(query_embedding, model, shares, excluded, row_limit) m);
  shard smallint;
begin
  foreach shard in array plan.shards loop
    near := near || private.nearest_of_index(
      query_embedding, model, dimensions, shard, '{}', excluded, row_limit);
  end loop;
  if plan.walks then
    return near
      || array(select m from private.nearest_waiting(query_embedding, model, scopes, excluded, row_limit) m)
      || private.nearest_of_index(query_embedding, model, dimensions, 0::smallint, scopes, excluded, row_limit);
  end if;
  return near || array(
    select m from private.nearest_outside_shards(query_embedding, model, scopes, excluded, row_limit) m);
end $$;
comment on function private.nearest_by_plan(
  extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer) is
  'The nearest row_limit passages of each part of the plan.';

create function private.best_of_sources(matches private.chunk_match[], row_limit integer) returns private.chunk_match[]
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  return array(
    select (b.source_id, b.chunk_id, b.score)::private.chunk_match
    from (
      select distinct on (m.source_id) m.*
      from (select f.* from unnest(matches) f order by f.score desc limit row_limit) m
      order by m.source_id, m.score desc) b);
end $$;
comment on function private.best_of_sources(private.chunk_match[], integer) is
  'The best passage of each source among the row_limit best.';

create function private.semantic_matches(
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
    best := private.best_of_sources(
      private.nearest_by_plan(query_embedding, model.id, model.dimensions, plan, scopes, shares, excluded, row_limit), row_limit);
    if cardinality(best) >= match_count then
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
  'see few passages and for filtered searches, indexes for the others, exact again when the indexes come up short.';
grant execute on function
  private.nearest_of_sources(extensions.halfvec, smallint, uuid[], uuid[], integer),
  private.nearest_of_visible(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer),
  private.nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer),
  private.walk_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer),
  private.nearest_of_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], integer),
  private.nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer),
  private.plan_search(smallint, uuid[]),
  private.nearest_by_plan(extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], integer),
  private.best_of_sources(private.chunk_match[], integer),
  private.semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer)
  to anon, authenticated, service_role;

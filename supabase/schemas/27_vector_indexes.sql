-- Which HNSW index holds a vector.
--
-- A common index over everybody's vectors answers a caller who sees a part of them by walking past the others', and
-- misses rows when the part is small. So a scope with at least 20,000 chunks gets a partial index of its own, a scope
-- index, which is never filtered. The worker creates scope indexes, moves vectors into them in pieces, and drops those
-- of scopes that have shrunk to half of that.
--
-- Vectors are written without an index; the worker marks batches as indexed later, and search compares what waits
-- directly.

create table private.scope_indexes (
  id smallint primary key,
  model_id smallint not null references private.embedding_models (id) on delete cascade,
  scope_id uuid not null,
  is_complete boolean not null default false,
  created_at timestamptz not null default now(),
  unique (scope_id, model_id)
);
create index scope_indexes_model_id_idx on private.scope_indexes (model_id);
alter table private.scope_indexes enable row level security, force row level security;

comment on table private.scope_indexes is 'Scopes so large that their vectors of a model have an index of their own.';
comment on column private.scope_indexes.id is 'Stored with every vector in it.';
comment on column private.scope_indexes.model_id is 'The model.';
comment on column private.scope_indexes.scope_id is 'The scope.';
comment on column private.scope_indexes.is_complete is 'Whether all its vectors have left the common index.';
comment on column private.scope_indexes.created_at is 'When the index was created.';

create policy "functions alone use it" on private.scope_indexes for all to anon, authenticated using (false);

create function private.new_scope_index_id() returns smallint
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select n::smallint from generate_series(1, 32767) n
  where not exists (select from private.scope_indexes s where s.id = n) order by random() limit 1
$$;
comment on function private.new_scope_index_id is
  'An unused id. Random, since readers of vectors must not learn how many large scopes there are.';

alter table private.scope_indexes alter column id set default private.new_scope_index_id();

create function private.exact_search_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 40000 $$;
comment on function private.exact_search_limit is
  'Chunks up to which all are compared, at about 0.8 microseconds each. A collection with no more is not indexed.';
grant execute on function private.exact_search_limit to anon, authenticated, service_role, tidegate_worker;

create function private.scope_index_threshold() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 20000 $$;
comment on function private.scope_index_threshold is
  'Chunks from which a scope has an index of its own; it is dropped below half of that.';

create function private.create_scope_index(of_model smallint default null) returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  model private.embedding_models;
  large_scope uuid;
  scope_index smallint;
begin
  select m.* into model from private.embedding_models m where m.id = of_model or (of_model is null and m.is_active);
  select c.scope_id into large_scope from private.chunk_counts c
  where not exists (select from private.scope_indexes s where s.scope_id = c.scope_id and s.model_id = model.id)
  group by c.scope_id having sum(c.chunks) >= private.scope_index_threshold()
  limit 1;
  if large_scope is null then
    return null;
  end if;
  insert into private.scope_indexes (model_id, scope_id) values (model.id, large_scope) returning id into scope_index;
  -- Empty at first, so that creating it takes one scan of the table. Writers wait for that, for 2 s at most.
  execute pg_catalog.format(
    'create index chunk_embeddings_scope_index_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 32, ef_construction = 400) where model_id = %3$s and scope_index_id = %1$s',
    scope_index, model.dimensions, model.id);
  return large_scope;
end $$;
comment on function private.create_scope_index is
  'Creates the index of a scope that has grown large, if there is one, and returns the scope; for the active model '
  'unless another is given. Definer: only the owner of a table creates its indexes.';

create function private.drop_scope_index() returns uuid
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  closed record;
begin
  select s.id, s.scope_id into closed from private.scope_indexes s
  where private.scope_index_threshold() > 2 * (
    select coalesce(sum(c.chunks), 0) from private.chunk_counts c where c.scope_id = s.scope_id)
  limit 1 for update;
  if not found then
    return null;
  end if;
  execute pg_catalog.format('drop index public.chunk_embeddings_scope_index_%s_idx', closed.id);
  update public.chunk_embeddings e set scope_index_id = 0
  where e.scope_id = closed.scope_id and e.scope_index_id = closed.id;
  delete from private.scope_indexes s where s.id = closed.id;
  return closed.scope_id;
end $$;
comment on function private.drop_scope_index is
  'Drops the index of a scope that is no longer large, if any, and returns it. Definer: as create_scope_index.';

create function private.index_embeddings(max_rows integer, tolerated integer, of_model smallint default null)
returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  model constant smallint := coalesce(of_model, (private.active_embedding_model()).id);
  filling private.scope_indexes;
  indexed integer := 0;
begin
  select s.* into filling from private.scope_indexes s where s.model_id = model and not s.is_complete limit 1;
  if found then
    update public.chunk_embeddings e set scope_index_id = filling.id, is_indexed = false
    from (
      select w.chunk_id from public.chunk_embeddings w
      where w.scope_id = filling.scope_id and w.model_id = model and w.is_indexed
      limit max_rows for no key update) w
    where e.chunk_id = w.chunk_id and e.model_id = model;
    get diagnostics indexed = row_count;
    update private.scope_indexes s set is_complete = true where s.id = filling.id and indexed = 0;
  end if;
  if indexed > 0
    or not exists (
      select from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.scope_index_id = 0 offset tolerated limit 1)
    or not exists (
      select from public.chunk_embeddings e where e.model_id = model offset private.exact_search_limit() limit 1)
  then
    return indexed;
  end if;
  update public.chunk_embeddings e
  set is_indexed = w.scope_index_id is null, scope_index_id = coalesce(w.scope_index_id, 0)
  from (
    select w.chunk_id, (
             select s.id from private.scope_indexes s
             where s.scope_id = w.scope_id and s.model_id = model) as scope_index_id
    from public.chunk_embeddings w
    where w.model_id = model and not w.is_indexed and w.scope_index_id = 0
    limit max_rows for no key update skip locked) w
  where e.chunk_id = w.chunk_id and e.model_id = model;
  get diagnostics indexed = row_count;
  return indexed;
end $$;
comment on function private.index_embeddings is
  'Marks up to max_rows waiting vectors of a model (null: the active one) as indexed, in their scope index or the '
  'common one, when more than tolerated wait and the collection is large enough for an index; returns how many. '
  'Definer: the worker sees only what has a job, and these have none.';

grant execute on function
  private.scope_index_threshold, private.create_scope_index, private.drop_scope_index, private.index_embeddings
  to tidegate_worker;

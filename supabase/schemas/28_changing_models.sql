-- Changing the embedding model: registering, filling, activating and removing one.
--
-- A second model is filled in the background while search uses the first. Activating it is one update; what lacks its
-- vectors is queued, and found by its words meanwhile. All of it is run by the owner of the tables (tidegate-models).

-- m = 32: with 16, HNSW finds .95 instead of .99 of the ten nearest for out-of-distribution questions.
create function private.register_embedding_model(name text, dimensions integer) returns smallint
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model smallint;
begin
  insert into private.embedding_models (name, dimensions)
  values (register_embedding_model.name, register_embedding_model.dimensions)
  returning id into model;
  execute pg_catalog.format(
    'create index chunk_embeddings_model_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 32, ef_construction = 400) where model_id = %1$s and is_indexed',
    model, register_embedding_model.dimensions);
  return model;
end $$;
comment on function private.register_embedding_model is
  'Adds a model and its index; run by the owner of the tables. The active model stays active.';

create function private.activate_embedding_model(name text) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model smallint := (select m.id from private.embedding_models m where m.name = activate_embedding_model.name);
begin
  if model is null then
    raise exception 'no embedding model is called %', activate_embedding_model.name using errcode = 'no_data_found';
  end if;
  update private.embedding_models m set is_active = false where m.is_active;
  update private.embedding_models m set is_active = true where m.id = model;
  -- Chunks written since the model was filled: search finds them by their words until they are embedded.
  perform private.enqueue_embeddings(
    coalesce(array_agg(distinct c.document_id) filter (where c.document_id is not null), '{}'),
    coalesce(array_agg(distinct c.product_id) filter (where c.product_id is not null), '{}'))
  from public.chunks c
  where not exists (select from public.chunk_embeddings e where e.chunk_id = c.id and e.model_id = model);
end $$;
comment on function private.activate_embedding_model is
  'Makes search use a model, and queues the sources that lack its vectors; run by the owner of the tables.';

create function private.embedding_model_coverage()
returns table (
  id smallint, name text, dimensions integer, is_active boolean, chunks bigint, embedded bigint, waiting bigint)
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select m.id, m.name, m.dimensions, m.is_active, p.chunks, v.embedded, v.waiting
    from private.embedding_models m
    cross join (select count(*) as chunks from public.chunks) p
    cross join lateral (
      select count(*) as embedded, count(*) filter (where not e.is_indexed and e.scope_index_id = 0) as waiting
      from public.chunk_embeddings e where e.model_id = m.id) v
    order by m.id;
end $$;
comment on function private.embedding_model_coverage is
  'Every model, with the number of chunks, of those that have its vector, and of vectors that no index holds yet. Run '
  'by the owner of the tables.';

create function private.drop_embedding_model(name text) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  model private.embedding_models;
  scope_index smallint;
begin
  select m.* into model from private.embedding_models m where m.name = drop_embedding_model.name for update;
  if model.id is null then
    raise exception 'no embedding model is called %', drop_embedding_model.name using errcode = 'no_data_found';
  end if;
  if model.is_active then
    raise exception 'search uses %: activate another one first', model.name using errcode = 'object_in_use';
  end if;
  for scope_index in select s.id from private.scope_indexes s where s.model_id = model.id loop
    execute pg_catalog.format('drop index public.chunk_embeddings_scope_index_%s_idx', scope_index);
  end loop;
  execute pg_catalog.format('drop index public.chunk_embeddings_model_%s_idx', model.id);
  delete from private.embedding_models m where m.id = model.id;
end $$;
comment on function private.drop_embedding_model is
  'Removes a model that is not active, with its vectors and indexes; run by the owner of the tables.';

-- The model that the worker and the gateway come with.
select private.register_embedding_model('all-MiniLM-L6-v2', 384);
select private.activate_embedding_model('all-MiniLM-L6-v2');

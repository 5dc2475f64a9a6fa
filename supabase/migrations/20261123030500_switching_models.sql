-- Purpose: another embedding model without downtime: fill it beside the active one, compare, switch in one statement, drop.
-- Undo: drop the functions below; create activate_embedding_model of 20261122230600 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- With 32 neighbours instead of 16, a walk finds .99 instead of .95 of the ten nearest for questions from elsewhere; an
-- index that holds much already is left as it is.
create or replace function private.register_embedding_model(name text, dimensions integer) returns smallint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  model smallint;
begin
  insert into private.embedding_models (name, dimensions)
  values (register_embedding_model.name, register_embedding_model.dimensions)
  returning id into model;
  -- One partial index a model: an index over two models would mix vectors that cannot be compared.
  execute pg_catalog.format(
    'create index chunk_embeddings_model_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 32, ef_construction = 400) where model_id = %1$s and is_indexed',
    model, register_embedding_model.dimensions);
  return model;
end $$;

do $$
begin
  if not exists (select from public.chunk_embeddings offset 20000) then
    drop index public.chunk_embeddings_model_1_idx;
    create index chunk_embeddings_model_1_idx on public.chunk_embeddings
      using hnsw ((embedding::extensions.halfvec(384)) extensions.halfvec_cosine_ops)
      with (m = 32, ef_construction = 400) where model_id = 1 and is_indexed;
  end if;
end $$;

create function private.embedding_model_coverage()
returns table (
  id smallint, name text, dimensions integer, is_active boolean, passages bigint, embedded bigint, waiting bigint)
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return query
    select m.id, m.name, m.dimensions, m.is_active, p.passages, v.embedded, v.waiting
    from private.embedding_models m
    cross join (select count(*) as passages from public.chunks) p
    cross join lateral (
      select count(*) as embedded, count(*) filter (where not e.is_indexed and e.shard_id = 0) as waiting
      from public.chunk_embeddings e where e.model_id = m.id) v
    order by m.id;
end $$;
comment on function private.embedding_model_coverage() is
  'Every model, how many passages there are, how many have its vector, and how many of these no index holds. Run by the '
  'owner of the tables.';

create or replace function private.activate_embedding_model(name text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  model smallint := (select m.id from private.embedding_models m where m.name = activate_embedding_model.name);
begin
  if model is null then
    raise exception 'no embedding model is called %', activate_embedding_model.name using errcode = 'no_data_found';
  end if;
  update private.embedding_models m set is_active = false where m.is_active;
  update private.embedding_models m set is_active = true where m.id = model;
  -- What was written since the model was filled, the worker embeds: it is found by its words until then.
  perform private.enqueue_embeddings(
    coalesce(array_agg(distinct c.document_id) filter (where c.document_id is not null), '{}'),
    coalesce(array_agg(distinct c.product_id) filter (where c.product_id is not null), '{}'))
  from public.chunks c
  where not exists (select from public.chunk_embeddings e where e.chunk_id = c.id and e.model_id = model);
end $$;
comment on function private.activate_embedding_model(text) is
  'Makes one model the one that search uses, from the next search on, and notes what it lacks; run by the owner of the tables.';

create function private.drop_embedding_model(name text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  model private.embedding_models;
  shard smallint;
begin
  select m.* into model from private.embedding_models m where m.name = drop_embedding_model.name for update;
  if model.id is null then
    raise exception 'no embedding model is called %', drop_embedding_model.name using errcode = 'no_data_found';
  end if;
  if model.is_active then
    raise exception 'search uses %: activate another one first', model.name using errcode = 'object_in_use';
  end if;
  for shard in select s.id from private.shards s where s.model_id = model.id loop
    execute pg_catalog.format('drop index public.chunk_embeddings_shard_%s_idx', shard);
  end loop;
  execute pg_catalog.format('drop index public.chunk_embeddings_model_%s_idx', model.id);
  delete from private.embedding_models m where m.id = model.id;
end $$;
comment on function private.drop_embedding_model(text) is
  'Removes a model that is not active with its vectors and indexes; run by the owner of the tables.';

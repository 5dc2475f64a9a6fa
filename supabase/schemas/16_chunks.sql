-- Chunks of documents, of their files, and of products, and their vectors.
--
-- Only the worker writes them. Both tables repeat the scope of the source, kept by foreign keys that cascade, so that
-- policies and indexes need no join. Vectors stand apart from the text, narrow, one per chunk and model. Search
-- compares a vector directly until an index holds it, so that writing never waits for an index.

create table public.chunks (
  id bigint primary key default private.new_row_id(),
  document_id uuid,
  product_id uuid,
  file_id uuid references public.document_files (id) on delete cascade,
  page integer check (page >= 1),
  source_id uuid not null generated always as (coalesce(document_id, product_id)) stored,
  scope_id uuid not null,
  position integer not null check (position >= 0),
  title text not null,
  heading_path text[] not null default '{}',
  context text not null default '',
  content text not null,
  start_offset integer not null check (start_offset >= 0),
  end_offset integer not null check (end_offset >= start_offset),
  token_count integer not null check (token_count >= 0),
  language text not null,
  input_hash bytea not null,
  stemmer text not null generated always as (private.stemmer(language)) stored,
  search_vector tsvector not null
    generated always as (private.search_vector(language, title, heading_path, context || E'\n' || content)) stored,
  unique (id, source_id, scope_id),
  constraint chunks_one_source_check check (num_nonnulls(document_id, product_id) = 1),
  constraint chunks_file_of_document_check check (file_id is null or document_id is not null),
  constraint chunks_source_id_position_key unique (source_id, position) deferrable initially deferred,
  foreign key (document_id, scope_id) references public.documents (id, scope_id) on update cascade on delete cascade,
  foreign key (product_id, scope_id) references public.products (id, scope_id) on update cascade on delete cascade
);
create index chunks_document_id_idx on public.chunks (document_id, scope_id);
create index chunks_product_id_idx on public.chunks (product_id, scope_id);
create index chunks_file_id_idx on public.chunks (file_id);
create index chunks_scope_id_idx on public.chunks (scope_id) include (token_count);
create index chunks_stemmer_idx on public.chunks (stemmer);
alter table public.chunks enable row level security, force row level security;

comment on table public.chunks is 'Pieces of documents and products, which search finds.';
comment on column public.chunks.id is 'The chunk. Tells when it was made, and nothing else.';
comment on column public.chunks.document_id is 'Its document, or null.';
comment on column public.chunks.product_id is 'Its product, or null.';
comment on column public.chunks.file_id is 'The file of the document that it is of; null for the document''s own text.';
comment on column public.chunks.page is 'Page of the file on which it begins, from 1; null without pages.';
comment on column public.chunks.source_id is 'Derived: the document or the product.';
comment on column public.chunks.scope_id is 'Scope of the source.';
comment on column public.chunks.position is 'Order within the source, from 0: its own text, then its files.';
comment on column public.chunks.title is 'Title of the source.';
comment on column public.chunks.heading_path is 'Headings above the chunk, outermost first.';
comment on column public.chunks.context is
  'Text from further up that the content needs: the header of its table, the language of its code, the sentence that '
  'leads to its list.';
comment on column public.chunks.content is 'Text: characters start_offset to end_offset of the source or file.';
comment on column public.chunks.start_offset is 'First character in the source or file, from 0.';
comment on column public.chunks.end_offset is 'One past the last character.';
comment on column public.chunks.token_count is 'Tokens of the embedded text, by the model''s tokenizer.';
comment on column public.chunks.language is 'Language of the source when it was chunked.';
comment on column public.chunks.input_hash is 'SHA-256 of the embedded text: an unchanged chunk keeps its vectors.';
comment on column public.chunks.stemmer is 'Derived: the text search configuration that stems its words.';
comment on column public.chunks.search_vector is 'Derived: stemmed words.';

grant select (
  id, document_id, product_id, file_id, page, source_id, scope_id, position, title, heading_path, context,
  content, start_offset, end_offset, token_count, language, input_hash, stemmer, search_vector)
  on public.chunks to anon, authenticated;
grant select, insert, update, delete on public.chunks to service_role, tidegate_worker;

create policy "visitors read public chunks" on public.chunks
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
create policy "people read the chunks of what they read" on public.chunks
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or source_id = any (array(select private.my_shared_documents())));
select private.refuse_closed_accounts('public.chunks');

create table public.chunk_embeddings (
  chunk_id bigint not null,
  model_id smallint not null,
  source_id uuid not null,
  scope_id uuid not null,
  embedding extensions.halfvec not null check (extensions.l2_norm(embedding) > 0),
  dimensions integer not null generated always as (extensions.vector_dims(embedding)) stored,
  is_indexed boolean not null default false,
  scope_index_id smallint not null default 0,
  primary key (chunk_id, model_id),
  foreign key (model_id, dimensions) references private.embedding_models (id, dimensions) on delete cascade,
  foreign key (chunk_id, source_id, scope_id) references public.chunks (id, source_id, scope_id)
    on update cascade on delete cascade
);
-- Inline in the row, since fetching from TOAST costs a second look-up.
alter table public.chunk_embeddings alter column embedding set storage plain;
create index chunk_embeddings_source_id_idx on public.chunk_embeddings (source_id);
create index chunk_embeddings_model_id_idx on public.chunk_embeddings (model_id, dimensions);
create index chunk_embeddings_chunk_id_idx on public.chunk_embeddings (chunk_id, source_id, scope_id);
create index chunk_embeddings_scope_id_idx on public.chunk_embeddings (scope_id, model_id, scope_index_id);
create index chunk_embeddings_waiting_idx on public.chunk_embeddings (model_id, scope_id)
  where not is_indexed and scope_index_id = 0;
alter table public.chunk_embeddings enable row level security, force row level security;

comment on table public.chunk_embeddings is 'Vectors of chunks, one per chunk and model.';
comment on column public.chunk_embeddings.chunk_id is 'The chunk.';
comment on column public.chunk_embeddings.model_id is 'The model that made the vector.';
comment on column public.chunk_embeddings.source_id is 'Document or product, as in chunks.';
comment on column public.chunk_embeddings.scope_id is 'Scope of the source.';
comment on column public.chunk_embeddings.embedding is 'Unit length.';
comment on column public.chunk_embeddings.dimensions is 'Derived: its length, which must be the model''s.';
comment on column public.chunk_embeddings.is_indexed is 'Whether the model''s common HNSW index holds it.';
comment on column public.chunk_embeddings.scope_index_id is 'The scope index that holds it; 0 when none does.';

grant select (
  chunk_id, model_id, source_id, scope_id, embedding, dimensions, is_indexed, scope_index_id)
  on public.chunk_embeddings to anon, authenticated;
grant select, insert, update, delete on public.chunk_embeddings to service_role, tidegate_worker;

create policy "visitors read public vectors" on public.chunk_embeddings
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
create policy "people read the vectors of what they read" on public.chunk_embeddings
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or source_id = any (array(select private.my_shared_documents())));
select private.refuse_closed_accounts('public.chunk_embeddings');

create function private.leave_index() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  new.is_indexed := false;
  new.scope_index_id := 0;
  return new;
end $$;
comment on function private.leave_index is
  'Row trigger: a vector whose scope changes is indexed again later, so that the change itself is quick.';

create trigger leave_index before update on public.chunk_embeddings
  for each row when (old.scope_id <> new.scope_id) execute function private.leave_index();

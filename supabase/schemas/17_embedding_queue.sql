-- The queue of sources to embed.
--
-- One row per source whose chunks are out of date. Triggers enqueue a source when its text changes, in the same
-- transaction; the worker claims jobs, embeds, and deletes a job only at the revision it claimed, so that no change is
-- lost. A job that fails too often gets failed_at and waits for people.
--
-- Tenants take turns (start-time fair queueing): each job has a virtual start (turn) and end (turn_ends), and the
-- lowest turn is claimed first. Short and long texts of a tenant take turns separately, so that a sentence does not
-- wait for a book.
--
-- The worker sees only what has a job: the policies below give it documents, products, chunks and vectors of queued
-- sources.

create sequence private.embedding_job_revisions as bigint;
grant usage on sequence private.embedding_job_revisions to tidegate_worker;

create table private.embedding_jobs (
  source_id uuid primary key generated always as (coalesce(document_id, product_id)) stored,
  document_id uuid references public.documents (id) on delete cascade,
  product_id uuid references public.products (id) on delete cascade,
  tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
  is_short boolean not null default true,
  revision bigint not null default nextval('private.embedding_job_revisions'),
  turn timestamptz not null default now(),
  turn_ends timestamptz not null default now(),
  attempts smallint not null default 0,
  available_at timestamptz not null default now(),
  failed_at timestamptz,
  last_error text,
  traceparent text,
  created_at timestamptz not null default now(),
  constraint embedding_jobs_one_source_check check (num_nonnulls(document_id, product_id) = 1)
);
create index embedding_jobs_turn_idx on private.embedding_jobs (turn, revision) where failed_at is null;
create index embedding_jobs_document_id_idx on private.embedding_jobs (document_id);
create index embedding_jobs_product_id_idx on private.embedding_jobs (product_id);
-- The end of a tenant's flow; and short texts alone, which a worker claims while it works on a long one.
create index embedding_jobs_tenant_id_idx on private.embedding_jobs (tenant_id, is_short, turn_ends)
  where failed_at is null;
create index embedding_jobs_short_turn_idx on private.embedding_jobs (turn, revision)
  where failed_at is null and is_short;
alter table private.embedding_jobs enable row level security, force row level security;

comment on table private.embedding_jobs is 'Sources whose chunks are out of date.';
comment on column private.embedding_jobs.source_id is 'Derived: the document or the product.';
comment on column private.embedding_jobs.document_id is 'The document, or null.';
comment on column private.embedding_jobs.product_id is 'The product, or null.';
comment on column private.embedding_jobs.tenant_id is
  'Who takes turns: the organization of the document, else its owner; all zeros for products.';
comment on column private.embedding_jobs.is_short is 'Whether the text has at most 4,000 bytes.';
comment on column private.embedding_jobs.revision is
  'New with every change of the text and never reused: a worker deletes a job only at the revision it claimed.';
comment on column private.embedding_jobs.turn is 'Virtual start in the order of work, compared only with other turns.';
comment on column private.embedding_jobs.turn_ends is
  'Virtual end: the turn plus the seconds that embedding takes. The tenant''s next text starts here.';
comment on column private.embedding_jobs.attempts is
  'Claims since the last change. Counted when claimed, so that a text that kills the worker counts too.';
comment on column private.embedding_jobs.available_at is
  'When it may be claimed; in the future while a worker holds it or after a failure.';
comment on column private.embedding_jobs.failed_at is 'When it was given up, until people retry it.';
comment on column private.embedding_jobs.last_error is 'Why the last attempt failed.';
comment on column private.embedding_jobs.traceparent is
  'The trace of the request that wrote the text (W3C Trace Context); null without one.';
comment on column private.embedding_jobs.created_at is 'When it was queued.';

grant select, delete on private.embedding_jobs to tidegate_worker;
grant update (
  turn, turn_ends, attempts, available_at, failed_at, last_error)
  on private.embedding_jobs to tidegate_worker;

create policy "the worker reads jobs" on private.embedding_jobs for select to tidegate_worker using (true);
create policy "the worker claims, retries and fails jobs" on private.embedding_jobs
  for update to tidegate_worker using (true) with check (true);
create policy "the worker finishes jobs" on private.embedding_jobs for delete to tidegate_worker using (true);
create policy "the worker reads documents that have a job" on public.documents
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = documents.id));
create policy "the worker marks documents that have a job" on public.documents
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = documents.id))
  with check (exists (select from private.embedding_jobs j where j.source_id = documents.id));
create policy "the worker reads files of documents that have a job" on public.document_files
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = document_files.document_id));
create policy "the worker reads texts of files of documents that have a job" on public.file_texts
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = file_texts.document_id));
create policy "the worker reads products that have a job" on public.products
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = products.id));
create policy "the worker locks products that have a job" on public.products
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = products.id))
  with check (exists (select from private.embedding_jobs j where j.source_id = products.id));
create policy "the worker reads chunks of its sources" on public.chunks
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker adds chunks to its sources" on public.chunks
  for insert to tidegate_worker
  with check (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker changes chunks of its sources" on public.chunks
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id))
  with check (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker removes chunks of its sources" on public.chunks
  for delete to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker reads vectors of its sources" on public.chunk_embeddings
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunk_embeddings.source_id));
create policy "the worker adds vectors to its sources" on public.chunk_embeddings
  for insert to tidegate_worker
  with check (exists (select from private.embedding_jobs j where j.source_id = chunk_embeddings.source_id));
create policy "the worker changes vectors of its sources" on public.chunk_embeddings
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunk_embeddings.source_id))
  with check (exists (select from private.embedding_jobs j where j.source_id = chunk_embeddings.source_id));
create policy "the worker removes vectors of its sources" on public.chunk_embeddings
  for delete to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunk_embeddings.source_id));

create function private.current_traceparent() returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select substring(nullif(current_setting('request.headers', true), '')::jsonb ->> 'traceparent'
    from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$')
$$;
comment on function private.current_traceparent is
  'The trace of this request of the Data API or Storage, as its header traceparent says; null without one.';

create table private.staged_embeddings (
  source_id uuid not null references private.embedding_jobs (source_id) on delete cascade,
  model_id smallint not null,
  input_hash bytea not null,
  embedding extensions.halfvec not null,
  primary key (source_id, model_id, input_hash)
);
alter table private.staged_embeddings enable row level security, force row level security;

comment on table private.staged_embeddings is
  'Vectors of a long text that is embedded in pieces, until all are there and its chunks become searchable. A '
  'worker that dies loses one piece.';
comment on column private.staged_embeddings.source_id is 'The document or the product; the row goes with its job.';
comment on column private.staged_embeddings.model_id is 'The model that made the vector.';
comment on column private.staged_embeddings.input_hash is 'SHA-256 of the embedded text, as in chunks.';
comment on column private.staged_embeddings.embedding is 'The vector.';

grant select (source_id, model_id, input_hash, embedding) on private.staged_embeddings to tidegate_worker;
grant insert (source_id, model_id, input_hash, embedding) on private.staged_embeddings to tidegate_worker;

create policy "the worker reads what it has staged" on private.staged_embeddings
  for select to tidegate_worker using (true);
create policy "the worker stages vectors of jobs" on private.staged_embeddings
  for insert to tidegate_worker with check (true);

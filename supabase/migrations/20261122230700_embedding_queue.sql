-- Purpose: embeddings follow their text by themselves: what changed is noted here, the worker takes it from here.
-- Undo: drop table private.embedding_jobs; drop the triggers, functions and worker policies below.
set local lock_timeout = '10s';

create sequence private.embedding_job_revisions as bigint;
grant usage on sequence private.embedding_job_revisions to tidegate_worker;

create table private.embedding_jobs (
  source_id uuid primary key generated always as (coalesce(document_id, product_id)) stored,
  document_id uuid references public.documents (id) on delete cascade,
  product_id uuid references public.products (id) on delete cascade,
  revision bigint not null default nextval('private.embedding_job_revisions'),
  turn timestamptz not null default now(),
  attempts smallint not null default 0,
  available_at timestamptz not null default now(),
  parked_at timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  constraint embedding_jobs_one_source_check check (num_nonnulls(document_id, product_id) = 1)
);
create index embedding_jobs_turn_idx on private.embedding_jobs (turn, revision) where parked_at is null;
create index embedding_jobs_document_id_idx on private.embedding_jobs (document_id);
create index embedding_jobs_product_id_idx on private.embedding_jobs (product_id);
alter table private.embedding_jobs enable row level security;
alter table private.embedding_jobs force row level security;

comment on table private.embedding_jobs is 'Sources whose passages are out of date, one row each.';
comment on column private.embedding_jobs.source_id is 'Derived: the document or the product.';
comment on column private.embedding_jobs.document_id is 'The document, or null.';
comment on column private.embedding_jobs.product_id is 'The product, or null.';
comment on column private.embedding_jobs.revision is
  'New with every change of the text, never used twice: the worker finishes a job only at the revision it took.';
comment on column private.embedding_jobs.turn is
  'Order of work: when it was noted, plus the time that those noted before it in the same statement take. Whoever writes '
  'one text does not wait for somebody else''s thousands.';
comment on column private.embedding_jobs.attempts is 'Times taken since the last change; counted when taken, so a text that kills the worker counts too.';
comment on column private.embedding_jobs.available_at is 'When it may be taken; in the future while somebody works on it or backs off.';
comment on column private.embedding_jobs.parked_at is 'When it was given up, to be looked at and replayed.';
comment on column private.embedding_jobs.last_error is 'Why the last attempt failed.';
comment on column private.embedding_jobs.created_at is 'When the source was first noted.';

-- The worker sees the sources that have a job, and nothing else ------------------------------------------------

grant select, delete on private.embedding_jobs to tidegate_worker;
-- Not which source a job is for: that decides what the worker sees.
grant update (attempts, available_at, parked_at, last_error) on private.embedding_jobs to tidegate_worker;
create policy "the worker reads jobs" on private.embedding_jobs for select to tidegate_worker using (true);
create policy "the worker takes, fails and parks jobs" on private.embedding_jobs
  for update to tidegate_worker using (true) with check (true);
create policy "the worker finishes jobs" on private.embedding_jobs for delete to tidegate_worker using (true);

grant select on public.documents, public.products to tidegate_worker;
grant update (status, error) on public.documents to tidegate_worker;
-- Not a change of the product: row locks want the right to update some column.
grant update (updated_at) on public.products to tidegate_worker;
grant select, insert, update, delete on public.chunks, public.chunk_embeddings to tidegate_worker;

create policy "the worker reads documents that have a job" on public.documents
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = documents.id));
create policy "the worker marks documents that have a job" on public.documents
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = documents.id))
  with check (exists (select from private.embedding_jobs j where j.source_id = documents.id));
create policy "the worker reads products that have a job" on public.products
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = products.id));
create policy "the worker locks products that have a job" on public.products
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = products.id))
  with check (exists (select from private.embedding_jobs j where j.source_id = products.id));

create policy "the worker reads passages of its sources" on public.chunks
  for select to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker adds passages to its sources" on public.chunks
  for insert to tidegate_worker
  with check (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker changes passages of its sources" on public.chunks
  for update to tidegate_worker
  using (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id))
  with check (exists (select from private.embedding_jobs j where j.source_id = chunks.source_id));
create policy "the worker removes passages of its sources" on public.chunks
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

-- Noting changes -----------------------------------------------------------------------------------------------

create function private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if cardinality(document_ids) + cardinality(product_ids) = 0 then
    return;
  end if;
  -- In one order, so that two statements over the same sources queue instead of deadlocking. A text takes about 20 ms,
  -- and 30 ms a kilobyte.
  insert into private.embedding_jobs as j (document_id, product_id, turn)
    select s.document_id, s.product_id, now() + make_interval(secs => sum(s.cost) over w - s.cost)
    from (
      select d.id as document_id, null::uuid as product_id, 0.02 + 0.00003 * octet_length(d.content) as cost
      from public.documents d where d.id = any (document_ids)
      union all
      select null, p.id, 0.02 + 0.00003 * octet_length(p.description)
      from public.products p where p.id = any (product_ids)) s
    window w as (order by s.document_id, s.product_id)
    order by s.document_id, s.product_id
  on conflict (source_id) do update
    set revision = nextval('private.embedding_job_revisions'), turn = excluded.turn,
        attempts = 0, available_at = now(), parked_at = null, last_error = null;
  perform pg_catalog.pg_notify('embedding_jobs', '');
end $$;
comment on function private.enqueue_embeddings(uuid[], uuid[]) is
  'Notes documents and products to embed, afresh when already noted, and wakes the worker. Definer: people write the '
  'texts, not the queue.';
grant execute on function private.enqueue_embeddings(uuid[], uuid[]) to authenticated, service_role;

create function private.note_new_documents() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.enqueue_embeddings(array(select n.id from new_rows n), '{}');
  return null;
end $$;
comment on function private.note_new_documents() is 'Statement trigger: new documents are to be embedded. Definer: see enqueue_embeddings.';

create function private.note_changed_documents() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  changed uuid[] := array(
    select n.id from new_rows n join old_rows o using (id)
    where (n.title, n.content, n.language) is distinct from (o.title, o.content, o.language));
begin
  if changed = '{}' then
    return null;
  end if;
  -- What was taken out of a text must not be found or shown any more, however late its embeddings come: passages that
  -- no longer stand in it go now, the others stay searchable. replace() finds as strpos() does, without counting the
  -- characters before: of two megabytes and 1,990 passages an edit takes 1.5 s instead of 5.8 s.
  with texts as materialized (
    select n.id, n.content, octet_length(n.content) as bytes
    from new_rows n join old_rows o using (id) where n.content <> o.content
  ), headings as materialized (
    select distinct c.document_id as id, h.heading
    from texts t join public.chunks c on c.document_id = t.id cross join lateral unnest(c.heading_path) h (heading)
  ), gone as materialized (
    select h.id, h.heading from headings h join texts t using (id)
    where octet_length(replace(t.content, h.heading, '')) = t.bytes
  )
  delete from public.chunks c using texts t
  where c.document_id = t.id
    and (c.content <> '' and octet_length(replace(t.content, c.content, '')) = t.bytes
         or exists (select from gone g where g.id = t.id and g.heading = any (c.heading_path)));
  update public.chunks c set title = n.title from new_rows n
  where n.id = any (changed) and c.document_id = n.id and c.title <> n.title;
  perform private.enqueue_embeddings(changed, '{}');
  return null;
end $$;
comment on function private.note_changed_documents() is
  'Statement trigger: retracts passages that no longer stand in the text, and notes the document. Definer: passages and '
  'queue are not the writer''s.';

create function private.note_new_products() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.enqueue_embeddings('{}', array(select n.id from new_rows n));
  return null;
end $$;
comment on function private.note_new_products() is 'Statement trigger: new products are to be embedded. Definer: see enqueue_embeddings.';

create function private.note_changed_products() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  changed uuid[] := array(
    select n.id from new_rows n join old_rows o using (id)
    where (n.name, n.description, n.language) is distinct from (o.name, o.description, o.language));
begin
  if changed = '{}' then
    return null;
  end if;
  delete from public.chunks c using new_rows n
  where n.id = any (changed) and c.product_id = n.id and strpos(n.description, c.content) = 0;
  update public.chunks c set title = n.name from new_rows n
  where n.id = any (changed) and c.product_id = n.id and c.title <> n.name;
  perform private.enqueue_embeddings('{}', changed);
  return null;
end $$;
comment on function private.note_changed_products() is 'Statement trigger: as note_changed_documents, for products. Definer: likewise.';

create trigger note_new_documents after insert on public.documents
  referencing new table as new_rows for each statement execute function private.note_new_documents();
create trigger note_changed_documents after update on public.documents
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.note_changed_documents();
create trigger note_new_products after insert on public.products
  referencing new table as new_rows for each statement execute function private.note_new_products();
create trigger note_changed_products after update on public.products
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.note_changed_products();

-- Looking at it and replaying ----------------------------------------------------------------------------------

create function public.retry_document(document_id uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  -- The update policy decides who may: whoever may change the document may have it embedded again.
  update public.documents d set metadata = d.metadata where d.id = retry_document.document_id;
  if not found then
    raise exception 'no document % that you may change', retry_document.document_id
      using errcode = 'PT404', hint = 'Check the id, and that you own it or edit for its organization.';
  end if;
  perform private.replay_document(retry_document.document_id);
end $$;
comment on function public.retry_document(uuid) is 'Embeds a document again, a failed one in particular. For whoever may change it.';

create function private.replay_document(document_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.documents d set status = 'pending', error = null where d.id = replay_document.document_id;
  perform private.enqueue_embeddings(array[replay_document.document_id], '{}');
end $$;
comment on function private.replay_document(uuid) is
  'Marks a document pending and notes it. Definer: status is not the client''s to write. Asked only by retry_document, which checks.';
grant execute on function private.replay_document(uuid) to authenticated, service_role;
grant execute on function public.retry_document(uuid) to authenticated, service_role;

create function private.replay_parked_jobs() returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  replayed bigint;
begin
  -- Documents before jobs, as everybody locks them.
  update public.documents d set status = 'pending', error = null
  where d.id in (select j.document_id from private.embedding_jobs j where j.parked_at is not null);
  update private.embedding_jobs j
  set parked_at = null, attempts = 0, available_at = now(), last_error = null
  where j.parked_at is not null;
  get diagnostics replayed = row_count;
  perform pg_catalog.pg_notify('embedding_jobs', '');
  return replayed;
end $$;
comment on function private.replay_parked_jobs() is 'Replays everything that was given up and says how much. For operators: the worker''s command line.';
grant execute on function private.replay_parked_jobs() to tidegate_worker;

create function private.embedding_queue_status(
  out pending bigint, out failed bigint, out oldest_pending_seconds double precision)
language sql stable security definer set search_path = ''
as $$
  select count(*) filter (where j.parked_at is null),
         count(*) filter (where j.parked_at is not null),
         coalesce(extract(epoch from now() - min(j.created_at) filter (where j.parked_at is null)), 0)
  from private.embedding_jobs j
$$;
comment on function private.embedding_queue_status() is
  'How far the worker is behind. Definer: counts rows of everybody, shows none.';
grant execute on function private.embedding_queue_status() to tidegate_gateway, tidegate_worker;

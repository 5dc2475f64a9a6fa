-- What the worker does with the queue of files, the tickets by which it downloads them, and how failed work is retried.

create function private.claim_file(
  lease_s double precision, out file_id uuid, out revision bigint, out attempts smallint, out path text,
  out content_type text, out size bigint, out title text, out ticket text, out traceparent text)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  secret constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
begin
  -- One file of a tenant at a time: a tenant whose files take long leaves room for others.
  update private.file_jobs j
  set attempts = j.attempts + 1, available_at = now() + make_interval(secs => lease_s),
      ticket = sha256(convert_to(secret, 'UTF8'))
  where j.file_id = (
    select n.file_id from private.file_jobs n
    where n.available_at <= now() and not exists (
      select from private.file_jobs h
      where h.tenant_id = n.tenant_id and h.ticket is not null and h.available_at > now())
    order by n.turn, n.revision limit 1 for update skip locked)
  returning j.file_id, j.revision, j.attempts, j.traceparent
  into claim_file.file_id, claim_file.revision, claim_file.attempts, claim_file.traceparent;
  if claim_file.file_id is null then
    return;
  end if;
  update public.document_files f
  set status = 'reading', progress_done = 0, progress_total = null, progress_unit = null
  where f.id = claim_file.file_id
  returning f.document_id || '/' || f.key, f.content_type, f.size
  into path, claim_file.content_type, claim_file.size;
  title := (select d.title from public.documents d where d.id = private.document_of_file(path));
  ticket := secret;
end $$;
comment on function private.claim_file is
  'Takes the file whose turn is next, for lease_s seconds, and gives a ticket that opens it; all null when there is '
  'none. Definer: writes the queue.';

create function private.ticketed_files() returns setof text
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  presented constant text := nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-tidegate-ticket';
begin
  if presented is not null then
    return query
      select f.document_id || '/' || f.key
      from private.file_jobs j join public.document_files f on f.id = j.file_id
      where j.ticket = sha256(convert_to(presented, 'UTF8')) and j.available_at > now();
  end if;
end $$;
comment on function private.ticketed_files is
  'The name of the file that the ticket in the header X-Tidegate-Ticket of this request opens. Definer: reads the '
  'queue.';
grant execute on function private.ticketed_files to anon;

create policy "a ticket opens the file that the worker reads" on storage.objects
  for select to anon
  using (bucket_id = 'documents' and name = any (array(select private.ticketed_files())));

create function private.report_file_progress(file_id uuid, revision bigint, done integer, total integer, unit text)
returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update public.document_files f set progress_done = done, progress_total = total, progress_unit = unit
  from private.file_jobs j
  where f.id = report_file_progress.file_id and j.file_id = f.id and j.revision = report_file_progress.revision
$$;
comment on function private.report_file_progress is 'Notes how much of a file was read. Definer: as claim_file.';

create function private.accept_file_text(
  file_id uuid, revision bigint, content text, page_starts integer[], is_markdown boolean, remark text,
  progress_total integer, progress_unit text)
returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  file public.document_files;
  others bigint;
  trace text;
begin
  select f.* into file from public.document_files f where f.id = accept_file_text.file_id;
  perform from public.documents d where d.id = file.document_id for no key update;
  select j.traceparent into trace from private.file_jobs j
  where j.file_id = accept_file_text.file_id and j.revision = accept_file_text.revision for update;
  if not found then
    return false;
  end if;
  select coalesce(sum(octet_length(t.content)), 0) into others from public.file_texts t
  where t.document_id = file.document_id and t.file_id <> file.id;
  perform private.enforce_limit('file_text_bytes_of_document', others + octet_length(content), 'PT413');
  perform private.clear_front_matter(file.id);
  insert into public.file_texts (file_id, document_id, scope_id, content, page_starts, is_markdown)
  select file.id, d.id, d.scope_id, accept_file_text.content, accept_file_text.page_starts,
         accept_file_text.is_markdown
  from public.documents d where d.id = file.document_id
  on conflict on constraint file_texts_pkey do update
  set content = excluded.content, page_starts = excluded.page_starts, is_markdown = excluded.is_markdown;
  update public.document_files f
  set status = 'ready', error = null, remark = accept_file_text.remark, progress_done = accept_file_text.progress_total,
      progress_total = accept_file_text.progress_total, progress_unit = accept_file_text.progress_unit
  where f.id = file.id;
  delete from private.file_jobs j where j.file_id = file.id;
  perform private.enqueue_embeddings(array[file.document_id], '{}', trace);
  perform private.settle_documents(array[file.document_id]);
  return true;
end $$;
comment on function private.accept_file_text is
  'Takes the text of a file that was read, and queues its document to be embedded; false when there is a newer '
  'version. Definer: as claim_file.';

create function private.fail_file(
  file_id uuid, revision bigint, error text, delay_s double precision, is_final boolean)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  document constant uuid := (select f.document_id from public.document_files f where f.id = fail_file.file_id);
begin
  perform from public.documents d where d.id = document for no key update;
  update private.file_jobs j
  set ticket = null, available_at = now() + make_interval(secs => delay_s), turn = j.turn_ends,
      turn_ends = j.turn_ends + (j.turn_ends - j.turn)
  where j.file_id = fail_file.file_id and j.revision = fail_file.revision;
  if not found then
    return;
  end if;
  update public.document_files f
  set status = case when is_final then 'failed' else 'queued' end::public.file_status,
      error = left(fail_file.error, 1000)
  where f.id = fail_file.file_id;
  if is_final then
    delete from private.file_jobs j where j.file_id = fail_file.file_id;
    perform private.settle_documents(array[document]);
  end if;
end $$;
comment on function private.fail_file is
  'Notes why a file could not be read: for good, or to be tried again after delay_s seconds. Its old text stays. '
  'Definer: as claim_file.';

create function private.renew_file(file_id uuid, revision bigint, lease_s double precision) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update private.file_jobs j
  set available_at = now() + make_interval(secs => lease_s)
  where j.file_id = renew_file.file_id and j.revision = renew_file.revision and j.ticket is not null
$$;
comment on function private.renew_file is 'Keeps a file for another lease_s seconds. Definer: as claim_file.';

create function private.release_file(file_id uuid, revision bigint) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with released as (
    update private.file_jobs j
    set ticket = null, available_at = now(), attempts = greatest(j.attempts - 1, 0)
    where j.file_id = release_file.file_id and j.revision = release_file.revision
    returning j.file_id
  )
  update public.document_files f set status = 'queued' from released r where f.id = r.file_id
$$;
comment on function private.release_file is 'Gives a file back, the attempt not counted. Definer: as claim_file.';

create function private.retry_document(document_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update public.documents d set status = 'pending', error = null, chunks_done = 0, chunks_total = null
  where d.id = retry_document.document_id
    -- As the update policy of documents, which binds no definer.
    and (current_setting('role') = 'service_role'
         or d.owner_id = auth.uid() and (d.organization_id is null or d.visibility = 'private')
         or d.visibility <> 'private' and d.organization_id in (select private.my_organizations('editor')));
  if found then
    perform private.enqueue_file(f.id) from public.document_files f
    where f.document_id = retry_document.document_id and f.status = 'failed';
    perform private.enqueue_embeddings(array[retry_document.document_id], '{}');
  end if;
end $$;
comment on function private.retry_document is
  'Makes a document that the caller may change pending, and queues it and its failed files. Called by '
  'public.retry_document. Definer: writes status.';
grant execute on function private.retry_document to authenticated, service_role;

create function public.retry_document(document_id uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.require_open_account();
  -- The update policy decides who may.
  update public.documents d set metadata = d.metadata where d.id = retry_document.document_id;
  if not found then
    raise exception 'no document % that you may change', retry_document.document_id
      using errcode = 'PT404', hint = 'Check the id, and that you own it or edit for its organization.';
  end if;
  perform private.retry_document(retry_document.document_id);
end $$;
comment on function public.retry_document is
  'Embeds a document again, and reads again its files that failed. For whoever may change it.';
grant execute on function public.retry_document to authenticated, service_role;

create function private.retry_failed_jobs() returns bigint
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  replayed bigint;
begin
  -- Documents before jobs, the order in which everybody locks them.
  update public.documents d set status = 'pending', error = null
  where d.id in (select j.document_id from private.embedding_jobs j where j.failed_at is not null);
  update private.embedding_jobs j
  set failed_at = null, attempts = 0, available_at = now(), last_error = null
  where j.failed_at is not null;
  get diagnostics replayed = row_count;
  perform pg_catalog.pg_notify('embedding_jobs', '');
  return replayed + private.retry_failed_files();
end $$;
comment on function private.retry_failed_jobs is
  'Makes every failed job due again, files too, and returns how many. For operators, through the worker''s command '
  'line.';
grant execute on function private.retry_failed_jobs to tidegate_worker;

create function private.file_queue_status(
  out waiting bigint, out reading bigint, out failed bigint, out oldest_waiting_seconds double precision)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select count(*) filter (where j.ticket is null or j.available_at <= now()),
         count(*) filter (where j.ticket is not null and j.available_at > now()),
         (select count(*) from public.document_files f where f.status = 'failed'),
         coalesce(extract(epoch from now() - min(j.created_at)), 0)
  from private.file_jobs j
$$;
comment on function private.file_queue_status is
  'How far reading is behind: files that wait, that are being read, and that failed, and how long ago the oldest was '
  'queued that is not done. Definer: counts all rows.';
grant execute on function private.file_queue_status to tidegate_gateway, tidegate_worker;

grant execute on function
  private.claim_file, private.report_file_progress, private.accept_file_text, private.fail_file, private.renew_file,
  private.release_file
  to tidegate_worker;

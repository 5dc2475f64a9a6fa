-- The queue of files to read.
--
-- A trigger on storage.objects records each file that lies under a document (document_files) and queues it; the worker
-- claims it, downloads it, has a confined process read it, and hands in the text, which the embedding queue takes from
-- there. The text of the last version that could be read stays searchable until there is a newer one. What no trigger
-- has seen (files from before it, a backup, a server that refuses the trigger) private.reconcile_files() finds.
--
-- The worker has no key to Storage. For each file that it claims it is given a ticket, a random secret, and downloads
-- that one file as a visitor who sends the ticket in a header, which a policy on storage.objects compares.
--
-- Documents are locked before files and jobs, by everybody.

create sequence private.file_job_revisions as bigint;

create table private.file_jobs (
  file_id uuid primary key references public.document_files (id) on delete cascade,
  tenant_id uuid not null,
  revision bigint not null default nextval('private.file_job_revisions'),
  turn timestamptz not null default now(),
  turn_ends timestamptz not null default now(),
  attempts smallint not null default 0,
  available_at timestamptz not null default now(),
  ticket bytea,
  traceparent text,
  created_at timestamptz not null default now()
);
create index file_jobs_turn_idx on private.file_jobs (turn, revision);
create index file_jobs_tenant_id_idx on private.file_jobs (tenant_id, turn_ends);
create index file_jobs_ticket_idx on private.file_jobs (ticket) where ticket is not null;
alter table private.file_jobs enable row level security, force row level security;

comment on table private.file_jobs is 'Files to read. A file that failed has no job until somebody retries it.';
comment on column private.file_jobs.file_id is 'The file.';
comment on column private.file_jobs.tenant_id is 'Who takes turns: the organization of the document, else its owner.';
comment on column private.file_jobs.revision is
  'New with every version and never reused: a worker finishes a job only at the revision it claimed.';
comment on column private.file_jobs.turn is 'Virtual start in the order of work, as in embedding_jobs.';
comment on column private.file_jobs.turn_ends is 'Virtual end: the tenant''s next file starts here.';
comment on column private.file_jobs.attempts is
  'Claims since the last version. Counted when claimed, so that a file that kills the worker counts too.';
comment on column private.file_jobs.available_at is
  'When it may be claimed; in the future while a worker holds it or after a failure.';
comment on column private.file_jobs.ticket is 'SHA-256 of the ticket that opens the file; null while nobody holds it.';
comment on column private.file_jobs.traceparent is 'As in embedding_jobs: of the request that brought the file.';
comment on column private.file_jobs.created_at is 'When it was queued.';

create policy "functions alone use it" on private.file_jobs for all to anon, authenticated using (false);

create function private.settle_documents(
  document_ids uuid[], front_matters jsonb[] default null, chunks integer[] default null)
returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update public.documents d
  set status = s.status, error = s.error, front_matter = coalesce(s.front_matter, d.front_matter),
      chunks_done = case when s.is_begun_again then 0 else coalesce(s.chunks, d.chunks_done) end,
      chunks_total = case when s.is_begun_again then null else coalesce(s.chunks, d.chunks_total) end
  from (
    select i.id, i.front_matter, i.chunks, f.error,
           i.chunks is null and j.source_id is not null and not exists (
             select from private.staged_embeddings v where v.source_id = i.id) as is_begun_again,
           case when j.source_id is not null or f.is_waiting then 'pending'
                when f.error is not null then 'failed'
                else 'ready' end::public.document_status as status
    from unnest(document_ids, front_matters, chunks) i (id, front_matter, chunks)
    left join private.embedding_jobs j on j.source_id = i.id
    cross join lateral (
      select bool_or(f.status in ('queued', 'reading')) is true as is_waiting,
             left(string_agg(f.name || ': ' || f.error, ' ' order by f.name) filter (where f.status = 'failed'), 1000)
               as error
      from public.document_files f where f.document_id = i.id) f
    where j.failed_at is null) s
  where d.id = s.id
    and ((d.status, d.error) is distinct from (s.status, s.error)
         or s.is_begun_again and (d.chunks_done > 0 or d.chunks_total is not null)
         or d.front_matter <> s.front_matter
         or s.chunks is not null and (d.chunks_done, d.chunks_total) is distinct from (s.chunks, s.chunks))
$$;
comment on function private.settle_documents is
  'Sets status and error of documents by their jobs and files: pending while one waits, failed when a file could not '
  'be read, else ready; of those that have been embedded also their front matter and how many chunks they have. A '
  'failed embedding job has set status and error. Definer: reads the jobs and writes the documents.';
grant execute on function private.settle_documents to tidegate_worker;

create function private.enqueue_file(file_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  tenant uuid;
  seconds double precision;
  begins timestamptz;
begin
  select coalesce(d.organization_id, d.owner_id, '00000000-0000-0000-0000-000000000000'), 1 + f.size / 1e6
  into tenant, seconds
  from public.document_files f join public.documents d on d.id = f.document_id where f.id = enqueue_file.file_id;
  begins := greatest(
    coalesce((select j.turn from private.file_jobs j order by j.turn limit 1), now()),
    (select j.turn_ends from private.file_jobs j where j.tenant_id = tenant order by j.turn_ends desc limit 1));
  insert into private.file_jobs (file_id, tenant_id, turn, turn_ends, traceparent)
  values (enqueue_file.file_id, tenant, begins, begins + make_interval(secs => coalesce(seconds, 1)),
          -- An upload that names no trace belongs to the document, if that has just been written.
          coalesce(private.current_traceparent(), (
            select j.traceparent from private.embedding_jobs j
            join public.document_files f on f.document_id = j.document_id where f.id = enqueue_file.file_id)))
  on conflict on constraint file_jobs_pkey do update
  set revision = excluded.revision, tenant_id = excluded.tenant_id, attempts = 0, available_at = now(), ticket = null,
      traceparent = excluded.traceparent;
  update public.document_files f
  set status = 'queued', error = null, remark = null, progress_done = 0, progress_total = null, progress_unit = null
  where f.id = enqueue_file.file_id;
  perform pg_catalog.pg_notify('file_jobs', '');
end $$;
comment on function private.enqueue_file is
  'Queues a file to be read, or renews its job, and wakes the worker. Definer: writes the queue. Called under the lock '
  'of the document; granted to nobody.';

create function private.retry_failed_files() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  failed constant uuid[] := array(select f.id from public.document_files f where f.status = 'failed' order by f.id);
  documents constant uuid[] := array(
    select distinct f.document_id from public.document_files f where f.id = any (failed) order by 1);
begin
  perform from public.documents d where d.id = any (documents) order by d.id for no key update;
  perform private.enqueue_file(f.id) from unnest(failed) f (id);
  perform private.settle_documents(documents);
  return cardinality(failed);
end $$;
comment on function private.retry_failed_files is
  'Queues every failed file again and returns how many. Definer: as enqueue_file. Called by retry_failed_jobs.';
grant execute on function private.retry_failed_files to tidegate_worker;

create function private.clear_front_matter(file_id uuid) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  update public.documents d set front_matter = '{}'
  from public.file_texts t
  where t.file_id = clear_front_matter.file_id and d.id = t.document_id and d.front_matter <> '{}' and t.is_markdown
    -- Where gateway/chunking/front_matter.py looks for it.
    and left(t.content, 4) ~ '^\uFEFF?(---|\+\+\+)'
$$;
comment on function private.clear_front_matter is
  'Empties the front matter of a document when the text of this file, which is about to go, may have given some of it: '
  'the worker reads the others again. Definer: as enqueue_file; granted to nobody.';

create function private.forget_file(file_id uuid) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  document constant uuid := (select f.document_id from public.document_files f where f.id = forget_file.file_id);
begin
  if document is null then
    return;
  end if;
  perform from public.documents d where d.id = document for no key update;
  perform private.clear_front_matter(forget_file.file_id);
  -- Its text and its chunks go with it; what is left of the document is numbered again.
  delete from public.document_files f where f.id = forget_file.file_id;
  perform private.enqueue_embeddings(array[document], '{}');
  perform private.settle_documents(array[document]);
end $$;
comment on function private.forget_file is
  'Removes a file that is gone, with its text and chunks, at once. Definer: as enqueue_file; granted to nobody.';

create function private.name_of_file(object storage.objects) returns text
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  -- By JSON, since older versions of Storage have no such column.
  select coalesce(
    nullif(btrim(left(regexp_replace(
      to_jsonb(object) #>> '{user_metadata,name}', '[[:cntrl:]]+', ' ', 'g'), 255)), ''),
    substr(object.name, 38))
$$;
comment on function private.name_of_file is
  'What people call a file: the name in the metadata that its upload gave, which may have any characters, else its '
  'key.';

create function private.record_file(object storage.objects) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  document public.documents;
  known public.document_files;
  kind constant text := left(object.metadata ->> 'mimetype', 200);
  bytes constant bigint := (object.metadata ->> 'size')::bigint;
  version constant text := left(concat_ws(
    ' ', object.version, object.metadata ->> 'eTag', object.metadata ->> 'lastModified'), 500);
  key constant text := substr(object.name, 38);
  name constant text := private.name_of_file(object);
begin
  -- An older file belonged to another document with this id.
  select d.* into document from public.documents d
  where object.bucket_id = 'documents' and d.id = private.document_of_file(object.name)
    and d.created_at <= object.created_at
  for no key update;
  select f.* into known from public.document_files f where f.id = object.id;
  if known.id is not null and known.document_id is distinct from document.id then
    perform private.forget_file(object.id);
    known := null;
  end if;
  if document.id is null or (known.key, known.name, known.version) = (key, name, version) then
    return;
  end if;
  insert into public.document_files as f (id, document_id, scope_id, name, key, content_type, size, version)
  values (object.id, document.id, document.scope_id, name, key, kind, bytes, version)
  on conflict on constraint document_files_pkey do update
  set name = excluded.name, key = excluded.key, content_type = excluded.content_type, size = excluded.size,
      version = excluded.version;
  if (known.key, known.version) = (key, version) then
    return;
  end if;
  -- The key can tell how a file is to be read, so a moved one is read again.
  perform private.enqueue_file(object.id);
  perform private.settle_documents(array[document.id]);
end $$;
comment on function private.record_file is
  'Records an object of Storage as a file of its document, and queues it when it is new or changed. Definer: as '
  'enqueue_file; granted to nobody.';

create function private.require_uploader(object storage.objects) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  person constant text := coalesce(to_jsonb(object) ->> 'owner_id', to_jsonb(object) ->> 'owner');
begin
  -- Administrators may write what they like; policies have decided about those who act for themselves; and a server's
  -- key acts for nobody.
  if object.bucket_id <> 'documents' or current_setting('role', true) in ('authenticated', 'anon')
     or session_user not in ('supabase_storage_admin', 'supabase_lite') -- Storage's logins, hosted and local
     or person !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
    return;
  end if;
  if person is not null and not (
    private.may_person_write_file(person::uuid, object.name, object.created_at)
    and private.has_room_for_file(object.name))
  then
    raise exception 'who signed this upload may not add the file any more' using errcode = 'insufficient_privilege';
  end if;
end $$;
comment on function private.require_uploader is
  'Refuses an upload by a signed URL whose signer has lost the right, or for which there is no room: Storage asked '
  'when it signed, and writes as itself. Definer: reads accounts; granted to nobody.';

create function private.watch_files() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    perform private.forget_file(old.id);
  elsif tg_op = 'INSERT' or (old.bucket_id, old.name, old.version, old.metadata)
      is distinct from (new.bucket_id, new.name, new.version, new.metadata)
      or private.name_of_file(old) <> private.name_of_file(new) then
    -- A file that is moved keeps the name of who put it there.
    if tg_op = 'INSERT' or (old.name = new.name and old.version is distinct from new.version) then
      perform private.require_uploader(new);
    end if;
    perform private.record_file(new);
  end if;
  return null;
end $$;
comment on function private.watch_files is
  'Row trigger on storage.objects: records files of documents. Definer: whoever writes the object has no such right.';

-- A role that Storage's own has given less than hosted projects do cannot create it: then files are found by polling.
do $$
begin
  create trigger watch_files after insert or update or delete on storage.objects
    for each row execute function private.watch_files();
exception when insufficient_privilege then
  raise notice 'trigger watch_files on storage.objects: refused; the worker looks for files every two seconds';
end $$;

create function private.reconcile_files(max_rows bigint, out steps bigint, out is_watched boolean)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  object storage.objects;
  file_id uuid;
begin
  steps := 0;
  is_watched := exists (
    select from pg_trigger t
    where t.tgrelid = 'storage.objects'::regclass and t.tgfoid = 'private.watch_files'::regproc
      and t.tgenabled in ('O', 'A'));
  for object in
    select o.*
    from storage.objects o
    join public.documents d on d.id = private.document_of_file(o.name) and d.created_at <= o.created_at
    left join public.document_files f on f.id = o.id
    where o.bucket_id = 'documents'
      and (f.key, f.version) is distinct from (substr(o.name, 38), left(concat_ws(
        ' ', o.version, o.metadata ->> 'eTag', o.metadata ->> 'lastModified'), 500))
    order by o.name limit max_rows
  loop
    perform private.record_file(object);
    steps := steps + 1;
  end loop;
  for file_id in
    select f.id from public.document_files f
    where not exists (
      select from storage.objects o
      where o.id = f.id and o.bucket_id = 'documents' and private.document_of_file(o.name) = f.document_id)
    order by f.id limit max_rows
  loop
    perform private.forget_file(file_id);
    steps := steps + 1;
  end loop;
end $$;
comment on function private.reconcile_files is
  'Records files that no trigger has seen and forgets those that are gone, so many at a time; returns how many, and '
  'whether the trigger is there. Definer: reads Storage.';
grant execute on function private.reconcile_files to tidegate_worker;

create function private.clear_uploader(person uuid, after uuid, max_files integer) returns uuid
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  piece uuid[];
begin
  -- Keeps others from adding a trigger.
  lock table storage.objects in row exclusive mode;
  if exists (
    select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = 'storage.objects'::regclass and not t.tgisinternal
      and (t.tgqual is not null
           or p.pronamespace <> 'storage'::regnamespace and p.oid is distinct from to_regproc('private.watch_files'))
  ) then
    raise warning 'storage.objects has unknown triggers: files keep the id of who put them there';
    return null;
  end if;
  -- Storage has no index by uploader, and on hosted projects nobody else may create one.
  piece := array(
    select o.id from storage.objects o where after is null or o.id > after order by o.id limit max_files);
  update storage.objects o set owner = null, owner_id = null
  where o.id = any (piece) and (o.owner = person or o.owner_id = person::text);
  return piece[max_files];
end $$;
comment on function private.clear_uploader is
  'Removes a person from those of the next max_files files after one, in order of their ids, that they uploaded. '
  'Returns the last of these files, or null when there are no more. Called by definers, so it does nothing where '
  'storage.objects has triggers but Storage''s and watch_files: on hosted projects a leaked login of an API role could '
  'add one that runs with their rights.';

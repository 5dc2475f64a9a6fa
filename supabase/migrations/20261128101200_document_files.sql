-- Files of documents, in Supabase Storage.
--
-- A file in bucket "documents" is named <document id>/<anything>, and follows its document: whoever reads the document
-- reads the file, whoever may change the document writes it. A file that is older than its document belonged to another
-- one that had the same id and is gone; nobody reads it.

-- What the worker has read of a file, and how far it is. Each file under its document has a row with the id of its
-- object (see reading_files).

create type public.file_status as enum ('queued', 'reading', 'ready', 'failed');
comment on type public.file_status is
  'queued: waits to be read; reading: is being read; ready: its text is there; failed: see error.';

create table public.document_files (
  id uuid primary key,
  document_id uuid not null,
  scope_id uuid not null,
  name text not null,
  key text not null,
  content_type text,
  size bigint,
  version text not null,
  status public.file_status not null default 'queued',
  error text,
  remark text,
  progress_done integer not null default 0,
  progress_total integer,
  progress_unit text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (document_id, scope_id) references public.documents (id, scope_id) on update cascade on delete cascade
);
create index document_files_document_id_idx on public.document_files (document_id, scope_id);
create index document_files_scope_id_idx on public.document_files (scope_id);
create index document_files_failed_idx on public.document_files (status) where status = 'failed';
alter table public.document_files enable row level security, force row level security;

comment on table public.document_files is 'Files of documents, and how far each has been read.';
comment on column public.document_files.id is 'The file: the id of its object in Storage.';
comment on column public.document_files.document_id is 'Its document.';
comment on column public.document_files.scope_id is 'Scope of the document.';
comment on column public.document_files.name is
  'What people call it: name in the metadata that the upload gave, else its key.';
comment on column public.document_files.key is 'Its place in Storage within the document: what follows <document id>/.';
comment on column public.document_files.content_type is 'As the upload said; the content decides how it is read.';
comment on column public.document_files.size is 'Bytes, as Storage says.';
comment on column public.document_files.version is 'Another one after each upload to this key.';
comment on column public.document_files.status is 'State of the newest version.';
comment on column public.document_files.error is 'Why reading failed and what to do, in words for the owner.';
comment on column public.document_files.remark is
  'What of a file that is ready was not read, such as pages without text; null when all was.';
comment on column public.document_files.progress_done is 'How much has been read so far, in progress_unit.';
comment on column public.document_files.progress_total is 'How much there is to read; null until that is known.';
comment on column public.document_files.progress_unit is
  'What is counted: pages, slides, sheets, chapters, cells, parts, blocks, records or characters, by the format.';
comment on column public.document_files.created_at is 'When the file was first seen.';
comment on column public.document_files.updated_at is 'Last change of this row.';

grant select (
  id, document_id, scope_id, name, key, content_type, size, version, status, error, remark, progress_done,
  progress_total, progress_unit, created_at, updated_at)
  on public.document_files to anon, authenticated;
grant select, insert, update, delete on public.document_files to service_role;
grant select on public.document_files to tidegate_worker;

create policy "visitors read files of public documents" on public.document_files
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
create policy "people read the files of what they read" on public.document_files
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or document_id = any (array(select private.my_shared_documents())));
select private.refuse_closed_accounts('public.document_files');

create trigger touch_updated_at before update on public.document_files
  for each row execute function private.touch_updated_at();

-- Apart from the file's row, which changes often while the file is read.
create table public.file_texts (
  file_id uuid primary key references public.document_files (id) on delete cascade,
  document_id uuid not null,
  scope_id uuid not null,
  content varchar not null,
  page_starts integer[] not null default '{}',
  is_markdown boolean not null default true,
  foreign key (document_id, scope_id) references public.documents (id, scope_id) on update cascade on delete cascade
);
create index file_texts_document_id_idx on public.file_texts (document_id, scope_id);
create index file_texts_scope_id_idx on public.file_texts (scope_id);
alter table public.file_texts enable row level security, force row level security;

comment on table public.file_texts is 'Texts of files: of the newest version that could be read.';
comment on column public.file_texts.file_id is 'The file.';
comment on column public.file_texts.document_id is 'Its document.';
comment on column public.file_texts.scope_id is 'Scope of the document.';
comment on column public.file_texts.content is 'The text. Offsets of the file''s chunks count its characters.';
comment on column public.file_texts.page_starts is 'Where each page begins in content, from 0; empty without pages.';
comment on column public.file_texts.is_markdown is
  'Whether content is Markdown; false for plain text, such as a log or a program, in which nothing is a heading.';

grant select (file_id, document_id, scope_id, content, page_starts, is_markdown)
  on public.file_texts to anon, authenticated;
grant select, insert, update, delete on public.file_texts to service_role;
grant select on public.file_texts to tidegate_worker;

create policy "visitors read texts of public documents' files" on public.file_texts
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
create policy "people read the texts of what they read" on public.file_texts
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or document_id = any (array(select private.my_shared_documents())));
select private.refuse_closed_accounts('public.file_texts');

-- Any type: content and name decide how a file is read, and what cannot be read is said in its row.
insert into storage.buckets (id, name, public, file_size_limit) values ('documents', 'documents', false, 52428800)
on conflict (id) do update
  set public = false, file_size_limit = excluded.file_size_limit, allowed_mime_types = null;

-- On hosted projects Storage's own role has granted more: that stays, and PostgreSQL warns.
revoke all on storage.objects, storage.buckets from anon, authenticated;
grant select, insert, update, delete on storage.objects, storage.buckets to anon, authenticated;

create function private.document_of_file(name text) returns uuid
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  -- Lower case only, since two spellings of an id would be two folders.
  select case
    when name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.'
    then left(name, 36)::uuid
  end
$$;
comment on function private.document_of_file is
  'The document of a file in bucket documents; null for a name that is not <document id>/<anything>.';
grant execute on function private.document_of_file to anon, authenticated, service_role;

create function private.is_file_of_document(name text, created_at timestamptz) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- An older file belonged to another document with this id.
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(is_file_of_document.name)
      and d.created_at <= is_file_of_document.created_at);
end $$;
comment on function private.is_file_of_document is
  'Whether a file with this name and age belongs to a document that there is. Definer: the policy has found that the '
  'caller reads the document, which would otherwise be decided again for each file.';
grant execute on function private.is_file_of_document to anon, authenticated, service_role;

create function private.is_below_file_bytes(document uuid) returns boolean
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  holder_scopes uuid[];
  allowed bigint;
  held bigint;
begin
  select case when d.scope_id = d.owner_id then array[d.owner_id]
              else array[d.organization_id, private.public_scope(d.organization_id)] end,
         private.limit_of(
           case when d.scope_id = d.owner_id then 'file_bytes_of_person' else 'file_bytes_of_organization' end)
  into holder_scopes, allowed
  from public.documents d where d.id = document;
  select coalesce(sum(f.size), 0) into held from public.document_files f where f.scope_id = any (holder_scopes);
  return held < allowed;
end $$;
comment on function private.is_below_file_bytes is
  'Whether who holds a document may add a file: its size is known to nobody before it is there, so the one that passes '
  'the limit is the last. Counts files that the worker has seen. Definer: reads the limit and files of others.';

create function private.has_room_for_file(name text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  document constant uuid := private.document_of_file(has_room_for_file.name);
  allowed constant bigint := private.limit_of('files_of_document');
  others bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('files of ' || document, 0));
  select count(*) into others from storage.objects o
  where o.bucket_id = 'documents' and o.name ~>=~ (document || '/') and o.name ~<~ (document || '0')
    and o.name <> has_room_for_file.name;
  return others < allowed and private.is_below_file_bytes(document);
end $$;
comment on function private.has_room_for_file is
  'Whether a document may have one more file with this name. Called by policies after they have checked who may write, '
  'since Storage reports any error as a violated policy. Definer: reads the limit.';
grant execute on function private.has_room_for_file to authenticated, service_role;

create function private.may_write_file(name text, created_at timestamptz) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_write_file.name) and d.created_at <= may_write_file.created_at
      and ((d.owner_id = auth.uid() and (d.organization_id is null or d.visibility = 'private'))
           or (d.visibility <> 'private' and d.organization_id in (select private.my_organizations('editor')))));
end $$;
comment on function private.may_write_file is
  'Whether the caller may change the document of a file with this name and age, as the policy says.';
grant execute on function private.may_write_file to authenticated, service_role;

create function private.may_person_write_file(person uuid, name text, created_at timestamptz) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from public.documents d
    join auth.users u on u.id = person and u.deleted_at is null and coalesce(u.banned_until <= now(), true)
    where d.id = private.document_of_file(name) and d.created_at <= may_person_write_file.created_at
      and case when d.visibility = 'private' or d.organization_id is null then d.owner_id = person
            else exists (
              select from public.memberships m
              where m.organization_id = d.organization_id and m.user_id = person and m.role >= 'editor') end)
$$;
comment on function private.may_person_write_file is
  'private.may_write_file for any person, of now. Definer: reads accounts and memberships; granted to nobody.';

-- Storage lists a folder with like, which PostgreSQL evaluates after the policy: this is asked of every file there is.
-- A folder that is none of the caller's documents is refused by a look into memory or, where these are very many, into
-- an index.
create policy "readers of a document read its files" on storage.objects
  for select to anon, authenticated
  using (
    bucket_id = 'documents'
    and case
      when case when (select exists (select from public.documents d offset 10000))
        then exists (
          select from public.documents d
          where d.id = case
            -- As document_of_file().
            when name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.' then left(name, 36)::uuid end)
        else left(name, 37) in (select d.id || '/' from public.documents d) end
      then private.is_file_of_document(name, created_at)
      else false
    end);
create policy "who may change a document adds files" on storage.objects
  for insert to authenticated
  with check (case when bucket_id = 'documents' and private.may_write_file(name, created_at)
                   then private.has_room_for_file(name) else false end);
create policy "who may change a document changes its files" on storage.objects
  for update to authenticated
  using (bucket_id = 'documents' and private.may_write_file(name, created_at))
  with check (case when bucket_id = 'documents' and private.may_write_file(name, created_at)
                   then private.has_room_for_file(name) else false end);
create policy "who may change a document removes its files" on storage.objects
  for delete to authenticated
  using (bucket_id = 'documents' and private.may_write_file(name, created_at));
select private.refuse_closed_accounts('storage.objects');

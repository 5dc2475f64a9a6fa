-- Files of documents, in Supabase Storage.
--
-- A file in bucket "documents" is named <document id>/<anything>, and follows its document: whoever reads the document
-- reads the file, whoever may change the document writes it. A file that is older than its document belonged to another
-- one that had the same id and is gone; nobody reads it.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('documents', 'documents', false, 52428800, array['application/pdf'] || array(
  select kind || charset
  from unnest(array['text/plain', 'text/markdown', 'text/html']) kind,
       unnest(array['', ';charset=UTF-8', ';charset=utf-8', '; charset=UTF-8', '; charset=utf-8']) charset))
on conflict (id) do update
  set public = false, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

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

create function private.may_read_file(name text, created_at timestamptz) returns boolean
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- An older file belonged to another document with this id.
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_read_file.name) and d.created_at <= may_read_file.created_at);
end $$;
comment on function private.may_read_file is
  'Whether the caller reads the document of a file with this name and age, by the policies of documents.';
grant execute on function private.may_read_file to anon, authenticated, service_role;

create function private.has_room_for_file(name text) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  document constant text := private.document_of_file(has_room_for_file.name)::text;
  allowed constant bigint := private.limit_of('files_of_document');
  others bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('files of ' || document, 0));
  select count(*) into others from storage.objects o
  where o.bucket_id = 'documents' and o.name ~>=~ (document || '/') and o.name ~<~ (document || '0')
    and o.name <> has_room_for_file.name;
  return others < allowed;
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

create policy "readers of a document read its files" on storage.objects
  for select to anon, authenticated
  using (bucket_id = 'documents' and private.may_read_file(name, created_at));
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

create function private.clear_uploader(person uuid) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- Keeps others from adding a trigger.
  lock table storage.objects in row exclusive mode;
  if exists (
    select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = 'storage.objects'::regclass and not t.tgisinternal
      and (t.tgqual is not null or p.pronamespace <> 'storage'::regnamespace)
  ) then
    raise warning 'storage.objects has triggers that are not Storage''s: files keep the id of who put them there';
    return;
  end if;
  update storage.objects o set owner = null, owner_id = null where o.owner = person or o.owner_id = person::text;
end $$;
comment on function private.clear_uploader is
  'Removes a person from the files that they uploaded. Called by definers, so it does nothing where storage.objects '
  'has triggers that are not Storage''s: on hosted projects a leaked login of an API role could add one that runs with '
  'their rights.';

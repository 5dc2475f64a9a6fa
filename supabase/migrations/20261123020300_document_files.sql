-- Purpose: files of documents in Storage, under the rules of the document that they belong to.
-- Undo: drop the four policies on storage.objects and the functions below; empty and delete the bucket `documents`.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('documents', 'documents', false, 52428800, '{text/plain,text/markdown,text/html,application/pdf}')
on conflict (id) do update
  set public = false, file_size_limit = excluded.file_size_limit, allowed_mime_types = excluded.allowed_mime_types;

create function private.document_of_file(name text) returns uuid
language sql immutable security invoker parallel safe set search_path = ''
as $$
  -- Lower case only: two spellings of one id would be two folders.
  select case
    when name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.'
    then left(name, 36)::uuid
  end
$$;
comment on function private.document_of_file(text) is
  'The document of a file in bucket documents, whose name is <document id>/<anything>; null for every other name.';

create function private.may_read_file(name text, created_at timestamptz) returns boolean
language plpgsql stable security invoker set search_path = ''
as $$
begin
  -- A file older than its document was of another one that had this id and is gone.
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_read_file.name) and d.created_at <= may_read_file.created_at);
end $$;
comment on function private.may_read_file(text, timestamptz) is
  'Whether a file of this name and age belongs to a document that the caller reads: the policies of documents decide.';

create function private.may_write_file(name text, created_at timestamptz) returns boolean
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_write_file.name) and d.created_at <= may_write_file.created_at
      and ((d.owner_id = auth.uid() and (d.organization_id is null or d.visibility = 'private'))
           or (d.visibility <> 'private' and d.organization_id in (select private.my_organizations('editor')))));
end $$;
comment on function private.may_write_file(text, timestamptz) is
  'Whether a file of this name and age belongs to a document that the caller may change, as the policy for updates of '
  'documents has it.';

grant execute on function private.document_of_file(text), private.may_read_file(text, timestamptz)
  to anon, authenticated, service_role;
grant execute on function private.may_write_file(text, timestamptz) to authenticated, service_role;

create policy "readers of a document read its files" on storage.objects
  for select to anon, authenticated
  using (bucket_id = 'documents' and private.may_read_file(name, created_at));
create policy "who may change a document adds files" on storage.objects
  for insert to authenticated
  with check (bucket_id = 'documents' and private.may_write_file(name, created_at));
create policy "who may change a document changes its files" on storage.objects
  for update to authenticated
  using (bucket_id = 'documents' and private.may_write_file(name, created_at))
  with check (bucket_id = 'documents' and private.may_write_file(name, created_at));
create policy "who may change a document removes its files" on storage.objects
  for delete to authenticated
  using (bucket_id = 'documents' and private.may_write_file(name, created_at));

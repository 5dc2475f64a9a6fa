-- Purpose: a document holds a bounded number of files. With the bound on documents that is a bound on what anybody stores.
-- Undo: alter both policies as document_files.sql has them; drop function private.has_room_for_file(text);
--   delete from private.limits where name = 'files_of_document'.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into private.limits (name, allowed, what) values ('files_of_document', 20, 'files of one document');

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
comment on function private.has_room_for_file(text) is
  'Whether a file of this name fits among those of its document. For the policies of Storage, after they have asked who may '
  'write: whatever an error of theirs said, Storage would say that the policy is violated. Definer: reads the limit.';
grant execute on function private.has_room_for_file(text) to authenticated, service_role;

alter policy "who may change a document adds files" on storage.objects
  with check (case when bucket_id = 'documents' and private.may_write_file(name, created_at)
                   then private.has_room_for_file(name) else false end);
alter policy "who may change a document changes its files" on storage.objects
  with check (case when bucket_id = 'documents' and private.may_write_file(name, created_at)
                   then private.has_room_for_file(name) else false end);

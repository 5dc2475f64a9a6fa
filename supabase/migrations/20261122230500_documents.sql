-- Purpose: documents and who else may read one.
-- Undo: drop trigger remove_personal_documents on auth.users; drop table public.document_shares, public.documents; drop the types and functions below.
set local lock_timeout = '10s';

create type public.document_visibility as enum ('private', 'organization', 'public');
comment on type public.document_visibility is 'Who reads a document: its owner, its organization, everybody.';
create type public.document_status as enum ('pending', 'ready', 'failed');
comment on type public.document_status is 'pending: waits to be embedded; ready: searchable as it stands; failed: see error.';

create table public.documents (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid default auth.uid() references auth.users (id) on delete set null,
  organization_id uuid references public.organizations (id) on delete cascade,
  visibility public.document_visibility not null default 'private',
  title text not null check (char_length(title) <= 500 and title ~ '\S'),
  content text not null default '' check (char_length(content) <= 2000000),
  language text not null default 'en' check (language ~ '^[a-z]{2,3}$'),
  source_uri text check (char_length(source_uri) <= 2000),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 65536),
  status public.document_status not null default 'pending',
  error text,
  scope_id uuid generated always as (
    case visibility
      when 'public' then '00000000-0000-0000-0000-000000000000'::uuid
      when 'organization' then organization_id
      else owner_id
    end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, scope_id),
  -- Its two conditions are those under which scope_id is not null: they name what the client sent.
  constraint documents_organization_check check (visibility <> 'organization' or organization_id is not null),
  constraint documents_owner_check check (owner_id is not null or (organization_id is not null and visibility <> 'private'))
);
create index documents_scope_id_idx on public.documents (scope_id);
create index documents_owner_id_idx on public.documents (owner_id);
create index documents_organization_id_idx on public.documents (organization_id);
create index documents_status_idx on public.documents (status) where status <> 'ready';
alter table public.documents enable row level security;
alter table public.documents force row level security;

comment on table public.documents is
  'Texts that search and answers draw on. A document filed in an organization is the organization''s: its editors write it, '
  'and an owner who left the organization reads it no longer. A private one is its owner''s alone wherever it is filed, and '
  'stays so when the owner leaves or the organization is deleted. One more person is let in by document_shares, until '
  'that person leaves the organization.';
comment on column public.documents.id is 'The document.';
comment on column public.documents.owner_id is 'Who wrote it; null when that account is gone and the organization kept it.';
comment on column public.documents.organization_id is 'Where it is filed; null for a personal one.';
comment on column public.documents.visibility is 'Who reads it.';
comment on column public.documents.title is '1 to 500 characters.';
comment on column public.documents.content is 'Markdown or plain text, at most two million characters.';
comment on column public.documents.language is 'ISO 639 code of the text, for stemming.';
comment on column public.documents.source_uri is 'Where it came from.';
comment on column public.documents.metadata is 'Anything else; search returns it.';
comment on column public.documents.status is 'Where its embeddings stand. The database and the worker keep it; clients cannot write it.';
comment on column public.documents.error is 'Why it failed, in words for its owner.';
comment on column public.documents.scope_id is
  'Derived audience: everyone (…0), the organization, or the owner. Generated, so that no client can forge it.';
comment on column public.documents.created_at is 'When it was made.';
comment on column public.documents.updated_at is 'Last change of what people write.';

create table public.document_shares (
  document_id uuid not null references public.documents (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (document_id, user_id)
);
create index document_shares_user_id_idx on public.document_shares (user_id, document_id);
alter table public.document_shares enable row level security;
alter table public.document_shares force row level security;

comment on table public.document_shares is 'One more person who reads one document.';
comment on column public.document_shares.document_id is 'The document.';
comment on column public.document_shares.user_id is 'The person let in.';
comment on column public.document_shares.created_at is 'When.';

create function private.my_shared_documents() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  return query select s.document_id from public.document_shares s where s.user_id = auth.uid();
end $$;
comment on function private.my_shared_documents() is
  'Documents somebody shared with the caller. Definer: the policies of documents and of shares would ask each other for ever.';
grant execute on function private.my_shared_documents() to authenticated, service_role;

-- Documents: grants and policies -------------------------------------------------------------------------------

grant select on public.documents to anon, authenticated;
grant insert (id, owner_id, organization_id, visibility, title, content, language, source_uri, metadata),
      update (id, organization_id, visibility, title, content, language, source_uri, metadata),
      delete on public.documents to authenticated;
grant select, insert, update, delete on public.documents to service_role;

create policy "visitors read public documents" on public.documents
  for select to anon
  using (scope_id = '00000000-0000-0000-0000-000000000000');
create policy "people read what their audiences and shares let them" on public.documents
  for select to authenticated
  using (scope_id in (select private.my_scopes()) or id in (select private.my_shared_documents()));
create policy "people add their own, editors add to their organization" on public.documents
  for insert to authenticated
  with check (
    owner_id = (select auth.uid())
    and (organization_id is null or organization_id in (select private.my_organizations('editor'))));
create policy "owners change their own, editors their organization's" on public.documents
  for update to authenticated
  using (
    (owner_id = (select auth.uid()) and (organization_id is null or visibility = 'private'))
    or (visibility <> 'private' and organization_id in (select private.my_organizations('editor'))))
  with check (
    (owner_id = (select auth.uid()) and organization_id is null)
    or (organization_id in (select private.my_organizations('editor'))
        and (visibility <> 'private' or owner_id = (select auth.uid()))));
create policy "owners delete their own, editors their organization's" on public.documents
  for delete to authenticated
  using (
    (owner_id = (select auth.uid()) and (organization_id is null or visibility = 'private'))
    or (visibility <> 'private' and organization_id in (select private.my_organizations('editor'))));

-- Shares: grants and policies ----------------------------------------------------------------------------------

grant select, delete on public.document_shares to authenticated;
grant insert (document_id, user_id) on public.document_shares to authenticated;
grant select, insert, update, delete on public.document_shares to service_role;

create policy "people see shares with them, owners and admins their own" on public.document_shares
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or exists (
      select from public.documents d
      where d.id = document_id
        and (d.owner_id = (select auth.uid()) or d.organization_id in (select private.my_organizations('admin')))));
create policy "owners share their documents" on public.document_shares
  for insert to authenticated
  with check (
    -- Not with oneself: such a share would outlive the membership that lets one read the document.
    user_id <> (select auth.uid())
    and exists (
      select from public.documents d
      where d.id = document_id and d.owner_id = (select auth.uid())
        and (d.organization_id is null or d.visibility = 'private'
             or d.organization_id in (select private.my_organizations('editor')))));
create policy "people drop shares with them, owners and admins their own" on public.document_shares
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or exists (
      select from public.documents d
      where d.id = document_id
        and (d.owner_id = (select auth.uid()) or d.organization_id in (select private.my_organizations('admin')))));

-- Changes ------------------------------------------------------------------------------------------------------

create function private.note_document_change() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if (new.title, new.content, new.language) is distinct from (old.title, old.content, old.language) then
    new.updated_at := now();
    new.status := 'pending';
    new.error := null;
  elsif (new.owner_id, new.organization_id, new.visibility, new.source_uri, new.metadata)
      is distinct from (old.owner_id, old.organization_id, old.visibility, old.source_uri, old.metadata) then
    new.updated_at := now();
  end if;
  return new;
end $$;
comment on function private.note_document_change() is
  'Row trigger: keeps updated_at, and a changed text waits to be embedded again. What the worker notes is no change.';

create trigger keep_key before update on public.documents
  for each row when (old.id <> new.id) execute function private.keep_key();
create trigger note_document_change before update on public.documents
  for each row execute function private.note_document_change();

create function private.end_shares_of_leaver() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from public.document_shares s using public.documents d
  where s.user_id = old.user_id and d.id = s.document_id
    and d.organization_id = old.organization_id and d.visibility <> 'private';
  return null;
end $$;
comment on function private.end_shares_of_leaver() is
  'Row trigger on memberships: who leaves an organization keeps no share of its documents. Definer: shares are the owner''s '
  'to delete, not the remover''s.';

create trigger end_shares_of_leaver after delete on public.memberships
  for each row execute function private.end_shares_of_leaver();

create function private.return_private_documents() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.documents d set organization_id = null
  where d.organization_id = old.id and d.visibility = 'private';
  return old;
end $$;
comment on function private.return_private_documents() is
  'Row trigger on organizations: private documents outlive the organization they were filed in. Definer: the owner of an '
  'organization cannot even see them.';

create trigger return_private_documents before delete on public.organizations
  for each row execute function private.return_private_documents();

create function private.remove_personal_documents() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from public.documents d
  where d.owner_id = old.id and (d.organization_id is null or d.visibility = 'private');
  return old;
end $$;
comment on function private.remove_personal_documents() is
  'Row trigger on auth.users: a person''s own documents go with the account, the organization''s stay without an owner. '
  'Definer: the Auth service that deletes accounts has no rights on public.';

create trigger remove_personal_documents before delete on auth.users
  for each row execute function private.remove_personal_documents();

-- Documents and who reads them.
--
-- A document is private (its owner reads it), organization (the members), or public (everybody while the organization
-- may publish). The generated column scope_id says which; one more person is let in by document_shares. A document
-- filed in an organization belongs to the organization: its editors write it, and its author no longer reads it after
-- leaving. A private one belongs to its owner wherever it is filed.
--
-- A changed text becomes pending until it is embedded again (see embedding_queue).

create type public.document_visibility as enum ('private', 'organization', 'public');
comment on type public.document_visibility is 'Who reads a document: its owner, its organization, or everybody.';

create type public.document_status as enum ('pending', 'ready', 'failed');
comment on type public.document_status is 'pending: waits to be embedded; ready: searchable; failed: see error.';

create table public.documents (
  id uuid
    constraint "id of a document is unique" primary key
    default gen_random_uuid(),
  owner_id uuid default auth.uid() references auth.users (id) on delete set null,
  organization_id uuid references public.organizations (id) on delete cascade,
  visibility public.document_visibility not null default 'private',
  title text not null
    constraint "title has 1 to 500 characters, not all of them white space" check (
      char_length(title) <= 500 and title ~ '\S'),
  -- Not text, so that the operators of varchar (settings) bound what a pattern costs.
  content varchar not null default ''
    constraint "content has at most 2,000,000 characters" check (char_length(content) <= 2000000),
  language text
    constraint "language is a BCP 47 tag, such as en or pt-BR" check (language ~ '^[a-z]{2,3}(-[[:alnum:]]{1,8})*$'),
  language_is_detected boolean not null default true,
  unread_by_model text,
  source_uri text
    constraint "source_uri has at most 2,000 characters" check (char_length(source_uri) <= 2000),
  metadata jsonb not null default '{}'
    constraint "a number in metadata is one that a double can hold" check (private.json_has_doubles(metadata))
    constraint "lists in metadata hold at most 256 values together" check (private.json_list_values(metadata) <= 256)
    constraint "metadata is a JSON object of at most 16,384 bytes" check (
      case when jsonb_typeof(metadata) = 'object' and private.json_is_short(metadata)
        then octet_length(metadata::text) <= 16384 else false end)
    constraint "metadata nests at most 16 levels" check (not jsonb_path_exists(metadata, 'strict $.**{16}.**{1}')),
  front_matter jsonb not null default '{}',
  status public.document_status not null default 'pending',
  error text,
  chunks_done integer not null default 0,
  chunks_total integer,
  scope_id uuid generated always as (
    case visibility
      when 'public' then coalesce(private.public_scope(organization_id), '00000000-0000-0000-0000-000000000000')
      when 'organization' then organization_id
      else owner_id
    end) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, scope_id),
  -- Together these mean that scope_id is not null. They are two so that the error names what the client sent.
  constraint "visibility organization needs an organization_id" check (
    visibility <> 'organization' or organization_id is not null),
  constraint "a document without owner_id belongs to an organization" check (
    owner_id is not null or (organization_id is not null and visibility <> 'private'))
);
create index documents_scope_id_idx on public.documents (scope_id);
create index documents_owner_id_idx on public.documents (owner_id);
create index documents_organization_id_idx on public.documents (organization_id);
create index documents_status_idx on public.documents (status) where status <> 'ready';
alter table public.documents enable row level security, force row level security;

comment on table public.documents is 'Texts that search and answers draw on.';
comment on column public.documents.id is 'The document.';
comment on column public.documents.owner_id is 'Author; null when that account is gone.';
comment on column public.documents.organization_id is 'The organization it is filed in; null for a personal one.';
comment on column public.documents.visibility is 'Who reads it.';
comment on column public.documents.title is '1 to 500 characters.';
comment on column public.documents.content is 'Markdown or plain text, at most two million characters.';
comment on column public.documents.language is
  'BCP 47 tag of the text, for stemming. Left out, it is detected; null while it is not, or cannot be.';
comment on column public.documents.language_is_detected is
  'Whether language is for the worker to detect: people have not chosen one. Clients cannot write it.';
comment on column public.documents.unread_by_model is
  'The embedding model that does not know its script, so that words find it but not its meaning; null when the model '
  'does, or cannot tell. Clients cannot write it.';
comment on column public.documents.source_uri is 'Where it came from.';
comment on column public.documents.metadata is
  'Any further properties. Search returns and filters them together with front_matter; where both have a name, this '
  'one counts.';
comment on column public.documents.front_matter is
  'Properties at the head of the content and of Markdown files, as YAML or TOML. The worker reads them; clients cannot '
  'write them.';
comment on column public.documents.status is 'State of its embeddings. Clients cannot write it.';
comment on column public.documents.error is 'Why embedding failed, in words for the owner.';
comment on column public.documents.chunks_done is
  'Chunks that have been embedded since the texts changed; written after each piece of a long text.';
comment on column public.documents.chunks_total is 'Chunks that there are; null until the first have been embedded.';
comment on column public.documents.scope_id is
  'Derived: the organization''s public scope, the organization, or the owner; everybody (…0) for a public document '
  'without an organization, which only an administrator can make. Generated, so that no client can forge it.';
comment on column public.documents.created_at is 'When it was made.';
comment on column public.documents.updated_at is 'Last change by people.';

grant select (
  id, owner_id, organization_id, visibility, title, content, language, language_is_detected, unread_by_model,
  source_uri, metadata, front_matter, status, error, chunks_done, chunks_total, scope_id, created_at, updated_at)
  on public.documents to anon, authenticated;
grant insert (
  id, owner_id, organization_id, visibility, title, content, language, source_uri, metadata)
  on public.documents to authenticated;
grant update (
  id, organization_id, visibility, title, content, language, source_uri, metadata)
  on public.documents to authenticated;
grant delete on public.documents to authenticated;
grant select, insert, update, delete on public.documents to service_role;
grant select on public.documents to tidegate_worker;
grant update (language, unread_by_model, status, error, chunks_done, chunks_total)
  on public.documents to tidegate_worker;

create policy "people add their own, editors add to their organization" on public.documents
  for insert to authenticated
  with check (
    owner_id = (select auth.uid())
    and (organization_id is null or organization_id = any (array(select private.my_organizations('editor')))));
create policy "owners change their own, editors their organization's" on public.documents
  for update to authenticated
  using (
    (owner_id = (select auth.uid()) and (organization_id is null or visibility = 'private'))
    or (visibility <> 'private' and organization_id = any (array(select private.my_organizations('editor')))))
  with check (
    (owner_id = (select auth.uid()) and organization_id is null)
    or (organization_id = any (array(select private.my_organizations('editor')))
        and (visibility <> 'private' or owner_id = (select auth.uid()))));
create policy "owners delete their own, editors their organization's" on public.documents
  for delete to authenticated
  using (
    (owner_id = (select auth.uid()) and (organization_id is null or visibility = 'private'))
    or (visibility <> 'private' and organization_id = any (array(select private.my_organizations('editor')))));
create policy "visitors read public documents" on public.documents
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
select private.refuse_closed_accounts('public.documents');

create trigger forbid_key_change before update on public.documents
  for each row when (old.id <> new.id) execute function private.forbid_key_change();
-- Named to fire before other triggers of the statement.
create trigger a_enforce_rows_of_new after insert on public.documents
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_changed after update on public.documents
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

create table public.document_shares (
  document_id uuid not null references public.documents (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (document_id, user_id)
);
create index document_shares_user_id_idx on public.document_shares (user_id, document_id);
alter table public.document_shares enable row level security, force row level security;

comment on table public.document_shares is 'Further people who read a document.';
comment on column public.document_shares.document_id is 'The document.';
comment on column public.document_shares.user_id is 'The person let in.';
comment on column public.document_shares.created_at is 'When the person was let in.';

grant select (document_id, user_id, created_at) on public.document_shares to authenticated;
grant delete on public.document_shares to authenticated;
grant select, insert, update, delete on public.document_shares to service_role;

-- An author who left the organization has no say over its public documents, and an admin who was let into a private
-- document has none over its other shares.
create policy "people see shares with them, owners and admins their own" on public.document_shares
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or exists (
      select from public.documents d
      where d.id = document_id
        and ((d.visibility <> 'private' and d.organization_id = any (array(select private.my_organizations('admin'))))
             or (d.owner_id = (select auth.uid())
                 and (d.organization_id is null or d.visibility = 'private'
                      or d.organization_id = any (array(select private.my_organizations())))))));
create policy "people drop shares with them, owners and admins their own" on public.document_shares
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or exists (
      select from public.documents d
      where d.id = document_id
        and ((d.visibility <> 'private' and d.organization_id = any (array(select private.my_organizations('admin'))))
             or (d.owner_id = (select auth.uid())
                 and (d.organization_id is null or d.visibility = 'private'
                      or d.organization_id = any (array(select private.my_organizations())))))));
select private.refuse_closed_accounts('public.document_shares');

create function private.my_shared_documents() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  -- What is removed in pieces (see large_removals).
  if not exists (select from private.removals) then
    return query select s.document_id from public.document_shares s where s.user_id = auth.uid();
    return;
  end if;
  return query
    select s.document_id
    from public.document_shares s join public.documents d on d.id = s.document_id
    where s.user_id = auth.uid()
      and case
        when d.organization_id is null or d.visibility = 'private'
        then not exists (select from private.removals r where r.kind = 'account' and r.subject_id = d.owner_id)
        else not exists (
          select from private.removals r where r.kind = 'organization' and r.subject_id = d.organization_id)
      end;
end $$;
comment on function private.my_shared_documents is
  'Documents shared with the caller, except those that are being removed in pieces. Definer: the policies of documents '
  'and of shares would call each other.';
grant execute on function private.my_shared_documents to anon, authenticated, service_role;

create policy "people read what their scopes and shares let them" on public.documents
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or id = any (array(select private.my_shared_documents())));

create function private.is_language_chosen(
  before text, was_detected boolean, after text, is_detected boolean) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select after is distinct from before and not (was_detected and is_detected) $$;
comment on function private.is_language_chosen is
  'Whether people changed the language of a document, or left it to be detected again. Its detection changes no text.';
grant execute on function private.is_language_chosen to authenticated, service_role, tidegate_worker;

create function private.track_document_change() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if (new.title, new.content) is distinct from (old.title, old.content)
     or private.is_language_chosen(old.language, old.language_is_detected, new.language, new.language_is_detected) then
    new.updated_at := now();
    new.status := 'pending';
    new.error := null;
    new.chunks_done := 0;
    new.chunks_total := null;
    if new.content <> old.content then
      new.front_matter := '{}';  -- what was taken out is not shown any more
    end if;
  elsif (new.owner_id, new.organization_id, new.visibility, new.source_uri, new.metadata)
      is distinct from (old.owner_id, old.organization_id, old.visibility, old.source_uri, old.metadata) then
    new.updated_at := now();
  end if;
  return new;
end $$;
comment on function private.track_document_change is
  'Row trigger: sets updated_at, and makes a changed text pending. Changes by the worker are not tracked.';

create trigger track_document_change before update on public.documents
  for each row execute function private.track_document_change();

create function private.require_publisher() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(auth.jwt() ->> 'role', '') <> 'authenticated' then
    update public.organizations o set published_at = now() where o.id = new.organization_id and o.published_at is null;
  elsif new.organization_id is null then
    raise sqlstate 'PT403' using message = 'A document of one''s own cannot be made public.',
      hint = 'File it in an organization that may publish: set organization_id.';
  elsif not exists (select from public.organizations o where o.id = new.organization_id and o.may_publish) then
    raise sqlstate 'PT403' using message = 'The organization may not publish to everybody.',
      hint = 'Ask the staff for the right, or set visibility to "organization".';
  end if;
  return new;
end $$;
comment on function private.require_publisher is
  'Row trigger on documents that become public: people publish only in an organization that may publish. Definer: not '
  'everybody may read which those are.';

-- A before trigger, since a policy refuses such a row without saying why.
create trigger require_publisher_of_new before insert on public.documents
  for each row when (new.visibility = 'public') execute function private.require_publisher();
create trigger require_publisher_of_changed before update on public.documents
  for each row when (
    new.visibility = 'public'
    and (old.visibility, old.organization_id) is distinct from (new.visibility, new.organization_id))
  execute function private.require_publisher();

create function private.require_owner_of_moved() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- Functions may move any document, such as drafts in an organization that is deleted.
  if current_user = 'authenticated' and new.owner_id is distinct from auth.uid() then
    raise sqlstate 'PT403' using message = 'Only its owner files a document elsewhere.',
      hint = 'Leave organization_id as it is, or ask the owner (owner_id) to change it.';
  end if;
  return new;
end $$;
comment on function private.require_owner_of_moved is
  'Row trigger on documents whose organization changes: editors do not move what colleagues wrote.';

-- A before trigger, since a policy does not see where the document was.
create trigger require_owner_of_moved before update on public.documents
  for each row when (old.organization_id is distinct from new.organization_id)
  execute function private.require_owner_of_moved();

create function private.return_private_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  update public.documents d set organization_id = null
  where d.organization_id = old.id and d.visibility = 'private';
  return old;
end $$;
comment on function private.return_private_documents is
  'Row trigger on organizations: private documents outlive the organization they were filed in. Definer: the owner of '
  'the organization cannot see them.';

create trigger return_private_documents before delete on public.organizations
  for each row execute function private.return_private_documents();

create function private.remove_personal_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  delete from public.documents d
  where d.owner_id = old.id and (d.organization_id is null or d.visibility = 'private');
  return old;
end $$;
comment on function private.remove_personal_documents is
  'Row trigger on auth.users: deletes the documents that belong to the person; those of organizations stay without an '
  'owner. Definer: Auth has no rights on public.';

create trigger remove_personal_documents before delete on auth.users
  for each row execute function private.remove_personal_documents();

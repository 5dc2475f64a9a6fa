-- Purpose: publishing to everybody is a right that staff grants to an organization. Each organization's public documents have
--   an audience of their own, and who may publish decides whether it is everybody's: granting or revoking the right touches no
--   document.
-- Undo: drop the triggers require_publisher_of_new, require_publisher_of_changed on
--   public.documents and note_publishing on public.organizations; drop the
--   functions below; add documents.scope_id, its constraints and the policies again as they were.
-- The documents are rewritten, so that nobody writes meanwhile.
-- squawk-ignore-file ban-drop-column, ban-drop-constraint, adding-field-with-default, adding-required-field, disallowed-unique-constraint, constraint-missing-not-valid
-- squawk-ignore-file require-concurrent-index-creation, adding-foreign-key-constraint
set local lock_timeout = '10s';
set local statement_timeout = '30min';

alter table public.organizations
  add column may_publish boolean not null default false,
  add column published_at timestamptz,
  add constraint organizations_published_at_check check (published_at is not null or not may_publish) not valid;
create index organizations_publishers_idx on public.organizations (id) include (may_publish) where published_at is not null;
alter table public.organizations alter column published_at set statistics 0, alter column may_publish set statistics 0;
comment on column public.organizations.may_publish is
  'Whether its public documents are everybody''s; otherwise they are read like those of the organization. Staff decides, by '
  'set_publishing.';
comment on column public.organizations.published_at is 'When it was first allowed to publish; null: never.';
grant select (may_publish, published_at) on public.organizations to authenticated;

create function private.public_scope(organization_id uuid) returns uuid
language sql immutable strict security invoker parallel safe set search_path = ''
as $$
  select pg_catalog.md5('public documents of ' || organization_id::text)::uuid
$$;
comment on function private.public_scope(uuid) is
  'Audience of the public documents of an organization: everybody while it may publish, else its members.';
grant execute on function private.public_scope(uuid) to anon, authenticated, service_role, tidegate_worker;

-- What people published without an organization had nobody who allowed it.
update public.documents set visibility = 'private' where visibility = 'public' and organization_id is null;
update public.organizations o set published_at = now()
where exists (select from public.documents d where d.organization_id = o.id and d.visibility = 'public');
alter table public.organizations validate constraint organizations_published_at_check;

-- The audience of documents ------------------------------------------------------------------------------------

drop policy "visitors read public documents" on public.documents;
drop policy "people read what their audiences and shares let them" on public.documents;
alter table public.chunks drop constraint chunks_document_id_scope_id_fkey;
-- PostgreSQL changes the expression of a generated column since version 17 only.
alter table public.documents drop column scope_id;
alter table public.documents add column scope_id uuid generated always as (
  case visibility
    when 'public' then coalesce(private.public_scope(organization_id), '00000000-0000-0000-0000-000000000000')
    when 'organization' then organization_id
    else owner_id
  end) stored;
comment on column public.documents.scope_id is
  'Derived audience: the organization''s public one, the organization, or the owner; everyone (…0) for what an administrator '
  'made public without an organization. Generated, so that no client can forge it.';
alter table public.documents alter column scope_id set statistics 1, alter column scope_id set (n_distinct = -0.05);
alter table public.documents add constraint documents_id_scope_id_key unique (id, scope_id);
create index documents_scope_id_idx on public.documents (scope_id);
update public.chunks c set scope_id = d.scope_id
from public.documents d where d.id = c.document_id and c.scope_id <> d.scope_id;
alter table public.chunks add constraint chunks_document_id_scope_id_fkey
  foreign key (document_id, scope_id) references public.documents (id, scope_id) on update cascade on delete cascade;
grant select (scope_id) on public.documents to anon, authenticated;

create or replace function private.my_scopes() returns setof uuid
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  caller constant uuid := auth.uid();
begin
  return next '00000000-0000-0000-0000-000000000000'::uuid;
  return next '00000000-0000-0000-0000-000000000001'::uuid;
  return query select private.public_scope(o.id) from public.organizations o where o.published_at is not null and o.may_publish;
  if caller is not null then
    return next caller;
    return query select m.organization_id from public.memberships m where m.user_id = caller;
    return query
      select private.public_scope(o.id) from public.organizations o
      where o.published_at is not null and not o.may_publish
        and exists (select from public.memberships m where m.organization_id = o.id and m.user_id = caller);
    if private.is_staff() then
      return next '00000000-0000-0000-0000-000000000002'::uuid;
    end if;
  end if;
end $$;
comment on function private.my_scopes() is
  'Audiences the caller belongs to: everyone (…0), the shop window (…1), the public documents of each organization that may publish, the '
  'caller, each of their organizations with what it had published, and for staff the products that are not on sale (…2). '
  'Definer: reads memberships on behalf of policies.';

create policy "visitors read public documents" on public.documents
  for select to anon
  using (scope_id = any (array(select private.my_scopes())));
create policy "people read what their audiences and shares let them" on public.documents
  for select to authenticated
  using (
    scope_id = any (array(select private.my_scopes()))
    or id = any (array(select private.my_shared_documents())));
alter policy "visitors read public passages" on public.chunks using (scope_id = any (array(select private.my_scopes())));
alter policy "visitors read public vectors" on public.chunk_embeddings using (scope_id = any (array(select private.my_scopes())));

-- The right ----------------------------------------------------------------------------------------------------

create function private.note_publishing() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  new.published_at := now();
  return new;
end $$;
comment on function private.note_publishing() is 'Row trigger on organizations: notes when one was first allowed to publish.';
create trigger note_publishing before insert or update on public.organizations
  for each row when (new.may_publish and new.published_at is null) execute function private.note_publishing();

create function private.note_everything_lost() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Gateways forget all that they keep: whose rights these were would take long to find out. A later migration has the table.
  insert into private.rights_lost (people, sources, everything) values ('{}', '{}', true);
end $$;
comment on function private.note_everything_lost() is
  'Notes that many rights ended at once. Definer: nobody writes the table; granted to nobody.';

create function private.note_publishing_lost() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.note_everything_lost();
  return null;
end $$;
comment on function private.note_publishing_lost() is
  'Row trigger on organizations: what one published is not everybody''s any more. Definer: as note_everything_lost.';
create trigger note_publishing_lost after update on public.organizations
  for each row when (old.may_publish and not new.may_publish) execute function private.note_publishing_lost();

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
comment on function private.require_publisher() is
  'Row trigger on documents that become public: people make them so only in an organization that may publish. Definer: who '
  'may publish is not for everybody to read.';
-- Before the policies are asked: a row that nobody would see is refused by them without a reason.
create trigger require_publisher_of_new before insert on public.documents
  for each row when (new.visibility = 'public') execute function private.require_publisher();
create trigger require_publisher_of_changed before update on public.documents
  for each row when (
    new.visibility = 'public' and (old.visibility, old.organization_id) is distinct from (new.visibility, new.organization_id))
  execute function private.require_publisher();

create function private.set_publishing(organization_id uuid, may_publish boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  update public.organizations o set may_publish = set_publishing.may_publish where o.id = set_publishing.organization_id;
  if not found then
    raise sqlstate 'PT404' using message = format('There is no organization %s.', coalesce(organization_id::text, '(null)'));
  end if;
end $$;
comment on function private.set_publishing(uuid, boolean) is 'As public.set_publishing. Definer: staff do not write organizations.';

create function public.set_publishing(organization_id uuid, may_publish boolean) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  perform private.set_publishing(set_publishing.organization_id, set_publishing.may_publish);
end $$;
comment on function public.set_publishing(uuid, boolean) is
  'For staff: whether an organization''s public documents are everybody''s. Without the right they are read like those of the '
  'organization, from that moment, and are everybody''s again when it is given back.';
grant execute on function private.set_publishing(uuid, boolean), public.set_publishing(uuid, boolean) to authenticated, service_role;

analyze public.documents, public.organizations;

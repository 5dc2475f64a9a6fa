-- Purpose: limits on what one person or organization may hold: organizations founded, memberships, shares, open
--   invitations, documents and their bytes, rows in one write. Servers with the secret key and administrators are not held
--   to them, and what they write counts.
-- Undo: drop the triggers below on public.organizations, memberships, document_shares, invitations and documents; drop the
--   functions below; drop table private.holdings; delete their rows from private.limits.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

insert into private.limits (name, allowed, what) values
  ('organizations_founded', 20, 'organizations that one person founded'),
  ('memberships', 500, 'memberships of one person'),
  ('shares_of_document', 1000, 'people that one document is shared with'),
  ('shares_with_person', 1000, 'documents shared with one person'),
  ('invitations_sent', 100, 'open invitations of one sender'),
  ('invitations_received', 100, 'open invitations to one address or person'),
  ('documents_of_person', 10000, 'documents of one person'),
  ('document_bytes_of_person', 1000000000, 'bytes in documents of one person'),
  ('documents_of_organization', 100000, 'documents of one organization'),
  ('document_bytes_of_organization', 10000000000, 'bytes in documents of one organization'),
  ('rows_per_write', 1000, 'rows in one write');

create function private.is_held_to_limits() returns boolean
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select coalesce(auth.jwt() ->> 'role' = 'authenticated', false)
$$;
comment on function private.is_held_to_limits() is
  'Whether a person makes this request; servers and administrators hold what they like.';

-- Rows in one write ---------------------------------------------------------------------------------------------------

create function private.enforce_rows_per_write() returns trigger
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- What functions write that a person calls has limits of its own.
  if current_user = 'authenticated' then
    perform private.enforce_limit('rows_per_write', (select count(*) from new_rows), 'PT413');
  end if;
  return null;
end $$;
comment on function private.enforce_rows_per_write() is
  'Statement trigger on what people write: a statement has a bounded number of rows.';

-- Before whatever else follows the statement, by the name.
create trigger a_enforce_rows_of_new after insert on public.documents
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_changed after update on public.documents
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_changed after update on public.memberships
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_new after insert on public.invitations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_changed after update on public.invitations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_new after insert on public.organizations
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();
create trigger a_enforce_rows_of_new after insert on public.interactions
  referencing new table as new_rows for each statement execute function private.enforce_rows_per_write();

-- What is few enough to be counted --------------------------------------------------------------------------------------

create function private.lock_limit(name text, subject text) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select pg_advisory_xact_lock(hashtextextended(name || ' ' || subject, 20261127))
$$;
comment on function private.lock_limit(text, text) is
  'Lets one transaction at a time add to what this limit counts of this subject, so that two do not pass together.';

create function private.limit_organizations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  founder uuid;
begin
  if private.is_held_to_limits() then
    for founder in select distinct n.created_by from new_rows n where n.created_by is not null order by 1 loop
      perform private.lock_limit('organizations_founded', founder::text);
      perform private.enforce_limit('organizations_founded', (
        select count(*) from public.organizations o where o.created_by = founder));
    end loop;
  end if;
  return null;
end $$;
comment on function private.limit_organizations() is
  'Statement trigger: bounds how many organizations a person founds. Definer: counts what the caller may not see.';
create trigger limit_organizations after insert on public.organizations
  referencing new table as new_rows for each statement execute function private.limit_organizations();

create function private.limit_memberships() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  member uuid;
begin
  if private.is_held_to_limits() then
    for member in select distinct n.user_id from new_rows n order by 1 loop
      perform private.lock_limit('memberships', member::text);
      perform private.enforce_limit('memberships', (
        select count(*) from public.memberships m where m.user_id = member));
    end loop;
  end if;
  return null;
end $$;
comment on function private.limit_memberships() is
  'Statement trigger: bounds how many organizations a person belongs to. Definer: counts what the caller may not see.';
create trigger limit_memberships after insert on public.memberships
  referencing new table as new_rows for each statement execute function private.limit_memberships();

create function private.limit_shares() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  added record;
begin
  if private.is_held_to_limits() then
    for added in select n.document_id, n.user_id from new_rows n order by 1, 2 loop
      perform private.lock_limit('shares_of_document', added.document_id::text);
      perform private.lock_limit('shares_with_person', added.user_id::text);
      perform private.enforce_limit('shares_of_document', (
        select count(*) from public.document_shares s where s.document_id = added.document_id));
      perform private.enforce_limit('shares_with_person', (
        select count(*) from public.document_shares s where s.user_id = added.user_id));
    end loop;
  end if;
  return null;
end $$;
comment on function private.limit_shares() is
  'Statement trigger: bounds with how many a document is shared, and how many documents with a person. Definer: counts what '
  'the caller may not see.';
create trigger limit_shares after insert on public.document_shares
  referencing new table as new_rows for each statement execute function private.limit_shares();

create function private.limit_invitations() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  sender uuid;
  addressee record;
begin
  if not private.is_held_to_limits() then
    return null;
  end if;
  for sender in select distinct n.invited_by from new_rows n where n.invited_by is not null order by 1 loop
    perform private.lock_limit('invitations_sent', sender::text);
    perform private.enforce_limit('invitations_sent', (
      select count(*) from public.invitations i
      where i.invited_by = sender and i.status = 'pending' and i.expires_at > now()));
  end loop;
  -- An address is counted whether it has an account or not.
  for addressee in select distinct n.user_id, n.email from new_rows n order by 1, 2 loop
    perform private.lock_limit('invitations_received', coalesce(addressee.user_id::text, addressee.email));
    perform private.enforce_limit('invitations_received', (
      select count(*) from public.invitations i
      where i.status = 'pending' and i.expires_at > now()
        and case when addressee.user_id is null then i.email = addressee.email else i.user_id = addressee.user_id end));
  end loop;
  return null;
end $$;
comment on function private.limit_invitations() is
  'Statement trigger: bounds how many invitations are open, of a sender and to an addressee. Definer: counts what the caller '
  'may not see.';
create trigger limit_invitations after insert on public.invitations
  referencing new table as new_rows for each statement execute function private.limit_invitations();

-- Documents, which are too many to be counted each time -----------------------------------------------------------------

create table private.holdings (
  holder_id uuid primary key,
  is_organization boolean not null,
  documents bigint not null,
  bytes bigint not null
) with (fillfactor = 50);
alter table private.holdings enable row level security;
alter table private.holdings force row level security;
create policy "functions alone use it" on private.holdings for all to anon, authenticated using (false);
comment on table private.holdings is
  'How many documents, and bytes in them, each person and organization has. Kept by triggers; rows of holders that are gone '
  'count nothing.';
comment on column private.holdings.holder_id is
  'The organization a document belongs to; of a private one, and one that is filed nowhere, its owner.';
comment on column private.holdings.is_organization is 'Whether the holder is an organization.';
comment on column private.holdings.documents is 'How many documents.';
comment on column private.holdings.bytes is 'Bytes of their titles, texts and metadata.';

create function private.document_bytes(document public.documents) returns bigint
language sql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
  -- Long texts are measured without being read.
  select octet_length((document).content)::bigint + octet_length((document).title) + octet_length((document).metadata::text)
$$;
comment on function private.document_bytes(public.documents) is 'Bytes of a document that count towards a limit.';

create function private.hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  held private.holdings;
  kind constant text := case when organization then 'organization' else 'person' end;
begin
  -- The row is locked to the end of the transaction: writes of one holder wait for each other, and for nobody else.
  insert into private.holdings as h (holder_id, is_organization, documents, bytes)
  values (holder, organization, more_documents, more_bytes)
  on conflict (holder_id) do update set documents = h.documents + more_documents, bytes = h.bytes + more_bytes
  returning * into held;
  if private.is_held_to_limits() then
    if more_documents > 0 then
      perform private.enforce_limit('documents_of_' || kind, held.documents);
    end if;
    if more_bytes > 0 then
      perform private.enforce_limit('document_bytes_of_' || kind, held.bytes, 'PT413');
    end if;
  end if;
end $$;
comment on function private.hold(uuid, boolean, bigint, bigint) is
  'Adds to what a holder has, or takes away; refuses what is over a limit. Definer: nobody writes the counts.';

create function private.hold_new_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.hold(n.holder, n.organization, n.documents, n.bytes)
  from (
    select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
           not (r.organization_id is null or r.visibility = 'private') as organization,
           count(*) as documents, sum(private.document_bytes(r))::bigint as bytes
    from new_rows r group by 1, 2 order by 1) n
  where n.holder is not null;
  return null;
end $$;
comment on function private.hold_new_documents() is
  'Statement trigger on documents: counts new ones. Definer: as private.hold.';

create function private.hold_removed_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.hold(n.holder, n.organization, -n.documents, -n.bytes)
  from (
    select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
           not (r.organization_id is null or r.visibility = 'private') as organization,
           count(*) as documents, sum(private.document_bytes(r))::bigint as bytes
    from old_rows r group by 1, 2 order by 1) n
  where n.holder is not null;
  delete from private.holdings h
  where h.documents = 0 and h.holder_id in (select o.owner_id from old_rows o union all select o.organization_id from old_rows o);
  return null;
end $$;
comment on function private.hold_removed_documents() is
  'Statement trigger on documents: counts those that are gone no more. Definer: as private.hold.';

create function private.hold_changed_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.hold(n.holder, n.organization, n.documents, n.bytes)
  from (
    select c.holder, c.organization, sum(c.documents)::bigint as documents, sum(c.bytes)::bigint as bytes
    from (
      select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
             not (r.organization_id is null or r.visibility = 'private') as organization,
             1 as documents, private.document_bytes(r) as bytes
      from new_rows r
      union all
      select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end,
             not (r.organization_id is null or r.visibility = 'private'), -1, -private.document_bytes(r)
      from old_rows r) c
    group by 1, 2
    having sum(c.documents) <> 0 or sum(c.bytes) <> 0
    order by 1) n
  where n.holder is not null;
  return null;
end $$;
comment on function private.hold_changed_documents() is
  'Statement trigger on documents: counts texts that grew, and documents that went to another holder. Definer: as private.hold.';

insert into private.holdings (holder_id, is_organization, documents, bytes)
select case when d.organization_id is null or d.visibility = 'private' then d.owner_id else d.organization_id end,
       bool_and(not (d.organization_id is null or d.visibility = 'private')), count(*), sum(private.document_bytes(d))
from public.documents d group by 1;

create trigger hold_new_documents after insert on public.documents
  referencing new table as new_rows for each statement execute function private.hold_new_documents();
create trigger hold_changed_documents after update on public.documents
  referencing old table as old_rows new table as new_rows for each statement execute function private.hold_changed_documents();
create trigger hold_removed_documents after delete on public.documents
  referencing old table as old_rows for each statement execute function private.hold_removed_documents();
grant execute on function private.is_held_to_limits() to authenticated;

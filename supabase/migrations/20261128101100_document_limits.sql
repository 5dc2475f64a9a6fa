-- Limits on documents and shares.
--
-- How many documents and bytes each person and organization has is kept by triggers in private.document_usage, so that
-- no insert has to count. The holder of a document is its organization, or its owner when it is private or filed
-- nowhere.

create trigger limit_shares after insert on public.document_shares
  referencing new table as new_rows
  for each statement execute function private.limit_rows('shares_of_document', 'document_id');
create trigger limit_shares_with_person after insert on public.document_shares
  referencing new table as new_rows
  for each statement execute function private.limit_rows('shares_with_person', 'user_id');

create table private.document_usage (
  holder_id uuid primary key,
  is_organization boolean not null,
  documents bigint not null,
  bytes bigint not null
) with (fillfactor = 50);
alter table private.document_usage enable row level security, force row level security;

comment on table private.document_usage is
  'Documents and bytes of each person and organization. Rows of holders that are gone mean nothing.';
comment on column private.document_usage.holder_id is
  'The organization; of private documents and of those filed nowhere, the owner.';
comment on column private.document_usage.is_organization is 'Whether the holder is an organization.';
comment on column private.document_usage.documents is 'Documents.';
comment on column private.document_usage.bytes is 'Bytes of their titles, texts and metadata.';

create policy "functions alone use it" on private.document_usage for all to anon, authenticated using (false);

create function private.usage_of_document(document public.documents) returns private.document_usage
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  is_personal constant boolean := document.organization_id is null or document.visibility = 'private';
begin
  return row(
    case when is_personal then document.owner_id else document.organization_id end, not is_personal, 1,
    -- octet_length() does not read a long text.
    octet_length(document.content)::bigint + octet_length(document.title) + octet_length(document.metadata::text)
  )::private.document_usage;
end $$;
comment on function private.usage_of_document is 'What one document counts for its holder.';

create function private.add_document_usage(
  holder uuid, organization boolean, more_documents bigint, more_bytes bigint)
returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  held private.document_usage;
  kind constant text := case when organization then 'organization' else 'person' end;
begin
  -- Locks the row to the end of the transaction: only writes of the same holder wait for each other.
  insert into private.document_usage as h (holder_id, is_organization, documents, bytes)
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
comment on function private.add_document_usage is
  'Adds to the usage of a holder, or subtracts from it; enforces the limits. Definer: writes it.';

create function private.count_documents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  changes private.document_usage[] := '{}';
begin
  if tg_op <> 'DELETE' then
    changes := array(select private.usage_of_document(n) from new_rows n);
  end if;
  if tg_op <> 'INSERT' then
    changes := changes || array(
      select (u.holder_id, u.is_organization, -1, -u.bytes)::private.document_usage
      from old_rows o cross join lateral private.usage_of_document(o) u);
  end if;
  perform private.add_document_usage(c.holder_id, c.is_organization, c.documents, c.bytes)
  from (
    select u.holder_id, u.is_organization, sum(u.documents)::bigint as documents, sum(u.bytes)::bigint as bytes
    from unnest(changes) u
    where u.holder_id is not null
    group by u.holder_id, u.is_organization
    having sum(u.documents) <> 0 or sum(u.bytes) <> 0
    -- In one order, so that two statements do not deadlock.
    order by u.holder_id) c;
  if tg_op = 'DELETE' then
    delete from private.document_usage h
    where h.documents = 0 and h.holder_id in (select u.holder_id from unnest(changes) u);
  end if;
  return null;
end $$;
comment on function private.count_documents is
  'Statement trigger on documents: keeps private.document_usage. Definer: as add_document_usage.';

create trigger count_new_documents after insert on public.documents
  referencing new table as new_rows for each statement execute function private.count_documents();
create trigger count_changed_documents after update on public.documents
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_documents();
create trigger count_removed_documents after delete on public.documents
  referencing old table as old_rows for each statement execute function private.count_documents();

-- Rights that ended, for caches outside the database.
--
-- The gateway keeps answers to serve them when the database is slow or away. It must not serve what a caller may no
-- longer read, so triggers record every loss of a right with the transaction that caused it, and the gateway asks
-- private.heartbeat() for what it has not seen yet: a transaction id that was not finished at the last call is asked
-- for again. Rows are kept for an hour.
--
-- Nobody must be able to empty the caches of everybody: where a statement ends too many rights to name each, it names
-- the organizations or people whose documents these were, with all their documents.

create table private.rights_lost (
  id bigint generated always as identity primary key,
  xid xid8 not null default pg_current_xact_id(),
  at timestamptz not null default clock_timestamp(),
  people uuid[] not null,
  sources uuid[] not null,
  everything boolean not null default false
);
create index rights_lost_xid_idx on private.rights_lost (xid);
create index rights_lost_at_idx on private.rights_lost (at);
alter table private.rights_lost enable row level security, force row level security;

comment on table private.rights_lost is 'Rights that ended in the last hour.';
comment on column private.rights_lost.id is 'The record.';
comment on column private.rights_lost.xid is 'The transaction in which the right ended.';
comment on column private.rights_lost.at is 'When it was recorded; after an hour it may be deleted.';
comment on column private.rights_lost.people is
  'People who lost a right: removed members, readers of an ended share, banned and deleted accounts.';
comment on column private.rights_lost.sources is
  'Documents and products that were deleted, hidden or changed, so that some may no longer be read as they were; and '
  'organizations and people, for all their documents.';
comment on column private.rights_lost.everything is 'Too many to be named.';

create policy "functions alone use it" on private.rights_lost for all to anon, authenticated using (false);

create function private.record_rights_lost(people uuid[], sources uuid[], instead uuid[] default null) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 1000;
  everything boolean := false;
begin
  if cardinality(people || sources) > most then
    everything := instead is null or cardinality(instead) > most;
    people := '{}';
    sources := case when everything then '{}' else instead end;
  end if;
  if cardinality(people || sources) > 0 or everything then
    insert into private.rights_lost (people, sources, everything) values (people, sources, everything);
    -- Each new row deletes a few old ones, so that nobody has to clear the table.
    delete from private.rights_lost r
    using (select o.id from private.rights_lost o
           where o.at < clock_timestamp() - interval '1 hour'
           order by o.at limit 10 for update skip locked) old
    where r.id = old.id;
  end if;
end $$;
comment on function private.record_rights_lost is
  'Records that people lost rights, or that documents and products (sources) may no longer be read as they were; '
  'where these are more than 1,000, that those named by instead may not, or nothing that anybody keeps. Definer: '
  'writes the table.';

create function private.record_lost_sources() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_level = 'ROW' then
    perform private.record_rights_lost('{}', array[old.id]);
  elsif tg_table_name = 'documents' then
    perform private.record_rights_lost(
      '{}', array(select o.id from old_rows o),
      array(select distinct case
              when o.visibility = 'private' or o.organization_id is null then o.owner_id else o.organization_id end
            from old_rows o));
  else
    perform private.record_rights_lost('{}', array(select o.id from old_rows o));
  end if;
  return null;
end $$;
comment on function private.record_lost_sources is
  'Trigger on documents and products that are deleted, documents whose readers or text change, and products that are '
  'taken off sale. Definer: as record_rights_lost.';

create trigger record_lost_documents after delete on public.documents
  referencing old table as old_rows for each statement execute function private.record_lost_sources();
create trigger record_lost_products after delete on public.products
  referencing old table as old_rows for each statement execute function private.record_lost_sources();
create trigger record_changed_document after update on public.documents for each row
  when ((old.scope_id, old.owner_id, old.title, old.content, old.metadata)
        is distinct from (new.scope_id, new.owner_id, new.title, new.content, new.metadata))
  execute function private.record_lost_sources();
create trigger record_hidden_product after update on public.products for each row
  when (old.scope_id is distinct from new.scope_id) execute function private.record_lost_sources();

create function private.record_lost_people() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_level = 'STATEMENT' and tg_table_name = 'memberships' then
    perform private.record_rights_lost(
      array(select distinct o.user_id from old_rows o), '{}', array(select distinct o.organization_id from old_rows o));
  elsif tg_level = 'STATEMENT' then
    perform private.record_rights_lost(
      array(select distinct o.user_id from old_rows o), '{}', array(select distinct o.document_id from old_rows o));
  elsif tg_table_name = 'users' then
    perform private.record_rights_lost(array[old.id], '{}');
  else
    perform private.record_rights_lost(array[old.user_id], '{}');
  end if;
  return null;
end $$;
comment on function private.record_lost_people is
  'Trigger on memberships and shares that end or change, and on accounts that are banned, deleted or no longer staff. '
  'Definer: as record_rights_lost.';

create trigger record_lost_memberships after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.record_lost_people();
create trigger record_lost_shares after delete on public.document_shares
  referencing old table as old_rows for each statement execute function private.record_lost_people();
create trigger record_changed_membership after update on public.memberships for each row
  execute function private.record_lost_people();
create trigger record_changed_share after update on public.document_shares for each row
  execute function private.record_lost_people();
create trigger record_lost_account after delete on auth.users for each row
  execute function private.record_lost_people();
create trigger record_banned_account after update of banned_until, deleted_at on auth.users for each row
  when ((old.banned_until, old.deleted_at) is distinct from (new.banned_until, new.deleted_at))
  execute function private.record_lost_people();
create trigger record_demoted_account after update of raw_app_meta_data on auth.users for each row
  when (old.raw_app_meta_data -> 'staff' = 'true'::jsonb
        and new.raw_app_meta_data -> 'staff' is distinct from 'true'::jsonb)
  execute function private.record_lost_people();

create function private.record_publishing_lost() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.record_rights_lost('{}', array[old.id]);
  return null;
end $$;
comment on function private.record_publishing_lost is
  'Row trigger on organizations that may no longer publish. Definer: as record_rights_lost.';

create trigger record_publishing_lost after update on public.organizations
  for each row when (old.may_publish and not new.may_publish) execute function private.record_publishing_lost();

create function private.heartbeat(
  since text, out next text, out everything boolean, out people uuid[], out sources uuid[],
  out behind_s double precision)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- A lock that would block every search blocks this as well.
  perform from public.chunks c where c.id = 0;
  perform from public.chunk_embeddings e where e.chunk_id = 0;
  perform from public.documents d where d.id = '00000000-0000-0000-0000-000000000000';
  perform from public.products p where p.id = '00000000-0000-0000-0000-000000000000';
  -- Every transaction that is not finished now has this id or a later one.
  next := pg_snapshot_xmin(pg_current_snapshot());
  select coalesce(bool_or(r.everything), false),
         coalesce(array_agg(distinct p.id) filter (where p.id is not null), '{}'),
         coalesce(array_agg(distinct s.id) filter (where s.id is not null), '{}')
  into everything, people, sources
  from private.rights_lost r
  left join lateral unnest(r.people) p (id) on true
  left join lateral unnest(r.sources) s (id) on true
  where r.xid >= since::xid8;
  behind_s := case when pg_is_in_recovery()
                then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) else 0 end;
end $$;
comment on function private.heartbeat is
  'Answers if searches could be answered, with the rights that ended since the call that returned `since` as its '
  '`next` (null: none), and the seconds that a replica is behind. Definer: reads private.rights_lost.';
grant execute on function private.heartbeat to tidegate_gateway;

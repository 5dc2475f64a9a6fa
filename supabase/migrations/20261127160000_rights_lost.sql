-- Purpose: the gateway learns within a second which rights ended, so that no answer that it keeps outlives them.
-- Undo: drop trigger note_lost_documents, note_changed_document on public.documents; drop trigger note_lost_products,
--   note_hidden_product on public.products; drop trigger note_lost_memberships, note_changed_membership on
--   public.memberships; drop trigger note_lost_shares, note_changed_share on public.document_shares; drop trigger
--   note_lost_account, note_banned_account on auth.users; drop function private.heartbeat(text),
--   private.note_lost_rows(), private.note_lost_row(), private.note_lost_people(), private.note_lost_person(),
--   private.note_rights_lost(uuid[], uuid[]); drop table private.rights_lost.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

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
alter table private.rights_lost enable row level security;
alter table private.rights_lost force row level security;
create policy "functions alone use it" on private.rights_lost for all to anon, authenticated using (false);

comment on table private.rights_lost is
  'Rights that ended in the last hour, by transaction: gateways read on from where they were and forget what they kept.';
comment on column private.rights_lost.id is 'Number of the note.';
comment on column private.rights_lost.xid is 'The transaction: what was not committed when a gateway read has one that the gateway asks for again.';
comment on column private.rights_lost.at is 'When it was noted; after an hour it may go.';
comment on column private.rights_lost.people is 'Who lost some right: members removed, readers of an ended share, banned and deleted accounts.';
comment on column private.rights_lost.sources is 'Documents and products that were deleted, hidden or changed, so that somebody may no longer read what was there.';
comment on column private.rights_lost.everything is 'Too many at a time to be named.';

create function private.note_rights_lost(people uuid[], sources uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := 1000;
  many constant boolean := coalesce(cardinality(people), 0) + coalesce(cardinality(sources), 0) > most;
begin
  if coalesce(cardinality(people), 0) + coalesce(cardinality(sources), 0) = 0 then
    return;
  end if;
  insert into private.rights_lost (people, sources, everything)
  values (case when many then '{}' else coalesce(people, '{}') end,
          case when many then '{}' else coalesce(sources, '{}') end, many);
  -- A few old notes go with every new one, so that nobody has to clear them.
  delete from private.rights_lost r
  using (select o.id from private.rights_lost o
         where o.at < clock_timestamp() - interval '1 hour'
         order by o.at limit 10 for update skip locked) old
  where r.id = old.id;
end $$;
comment on function private.note_rights_lost(uuid[], uuid[]) is
  'Notes that people lost some right, or that documents and products (sources) may no longer be read as they were. Definer: nobody writes the table.';

create function private.note_lost_rows() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.note_rights_lost('{}', (select array_agg(o.id) from old_rows o));
  return null;
end $$;
comment on function private.note_lost_rows() is
  'Statement trigger of documents and products that are deleted. Definer: calls note_rights_lost.';

create function private.note_lost_row() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.note_rights_lost('{}', array[old.id]);
  return null;
end $$;
comment on function private.note_lost_row() is
  'Row trigger of documents whose readers or text changed, and of products that are taken off sale. Definer: calls note_rights_lost.';

create function private.note_lost_people() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.note_rights_lost((select array_agg(distinct o.user_id) from old_rows o), '{}');
  return null;
end $$;
comment on function private.note_lost_people() is
  'Statement trigger of memberships and shares that end. Definer: calls note_rights_lost.';

create function private.note_lost_person() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.note_rights_lost(
    array[case when tg_table_name = 'users' then to_jsonb(old) ->> 'id' else to_jsonb(old) ->> 'user_id' end::uuid], '{}');
  return null;
end $$;
comment on function private.note_lost_person() is
  'Row trigger of memberships and shares that change, and of accounts that are banned or deleted. Definer: calls note_rights_lost.';

create trigger note_lost_documents after delete on public.documents
  referencing old table as old_rows for each statement execute function private.note_lost_rows();
create trigger note_changed_document after update on public.documents for each row
  when ((old.scope_id, old.owner_id, old.title, old.content, old.metadata)
        is distinct from (new.scope_id, new.owner_id, new.title, new.content, new.metadata))
  execute function private.note_lost_row();
create trigger note_lost_products after delete on public.products
  referencing old table as old_rows for each statement execute function private.note_lost_rows();
create trigger note_hidden_product after update on public.products for each row
  when (old.scope_id is distinct from new.scope_id) execute function private.note_lost_row();
create trigger note_lost_memberships after delete on public.memberships
  referencing old table as old_rows for each statement execute function private.note_lost_people();
create trigger note_changed_membership after update on public.memberships for each row
  execute function private.note_lost_person();
create trigger note_lost_shares after delete on public.document_shares
  referencing old table as old_rows for each statement execute function private.note_lost_people();
create trigger note_changed_share after update on public.document_shares for each row
  execute function private.note_lost_person();
create trigger note_lost_account after delete on auth.users for each row execute function private.note_lost_person();
create trigger note_banned_account after update of banned_until, deleted_at on auth.users for each row
  when ((old.banned_until, old.deleted_at) is distinct from (new.banned_until, new.deleted_at))
  execute function private.note_lost_person();

create function private.heartbeat(
  since text, out next text, out everything boolean, out people uuid[], out sources uuid[], out behind_s double precision)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- A lock that would hold up every search holds this up as well.
  perform from public.chunks c where c.id = 0;
  perform from public.chunk_embeddings e where e.chunk_id = 0;
  perform from public.documents d where d.id = '00000000-0000-0000-0000-000000000000';
  perform from public.products p where p.id = '00000000-0000-0000-0000-000000000000';
  -- Whatever is not committed now has a transaction from this one on.
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
comment on function private.heartbeat(text) is
  'Answers if searches could be: and says which rights ended since the call that gave `since` as its `next` (null: none), and how many seconds a replica is behind. Definer: reads private.rights_lost.';
grant execute on function private.heartbeat(text) to tidegate_gateway;

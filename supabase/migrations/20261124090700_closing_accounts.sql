-- Purpose: people close their accounts and are told what became of what was theirs; no organization loses its last owner.
-- Undo: drop function public.close_account(), private.close_account(), private.account_holdings(uuid);
--   drop trigger leave_organizations on auth.users; drop trigger empty_account on auth.users;
--   drop function private.leave_organizations(), private.empty_account(), private.hand_over_organizations(uuid),
--   private.lock_organizations(uuid), private.orphaned_organizations(uuid), private.forget_uploader(uuid);
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- Organizations ------------------------------------------------------------------------------------------------

create function private.lock_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  -- As has_other_owner does: whoever leaves in the same moment waits, and then sees who is left. All of them, for a member
  -- may become owner by what the others do.
  perform from public.organizations o
  where o.id in (select m.organization_id from public.memberships m where m.user_id = person)
  order by o.id for no key update;
end $$;
comment on function private.lock_organizations(uuid) is 'Lets nobody else leave the organizations of a person until the transaction ends.';

create function private.orphaned_organizations(person uuid)
returns table (id uuid, name text, has_others boolean)
language sql stable security invoker rows 1 set search_path = ''
as $$
  select o.id, o.name,
         exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person)
  from public.organizations o
  join public.memberships m on m.organization_id = o.id and m.user_id = person and m.role = 'owner'
  where not exists (
    select from public.memberships s where s.organization_id = o.id and s.user_id <> person and s.role = 'owner')
$$;
comment on function private.orphaned_organizations(uuid) is
  'Organizations that a person alone owns, and whether anybody else belongs to them.';

create function private.hand_over_organizations(person uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  orphan uuid;
begin
  perform private.lock_organizations(person);
  for orphan in select o.id from private.orphaned_organizations(person) o order by o.id loop
    loop
      -- The row may go while this waits for it: then the next one.
      update public.memberships m set role = 'owner'
      where (m.organization_id, m.user_id) = (
        select s.organization_id, s.user_id from public.memberships s
        where s.organization_id = orphan and s.user_id <> person
        order by (s.role = 'admin') desc, s.created_at, s.user_id limit 1 for update);
      exit when found;
      delete from public.organizations o
      where o.id = orphan
        and not exists (select from public.memberships s where s.organization_id = orphan and s.user_id <> person);
      exit when found;
    end loop;
  end loop;
end $$;
comment on function private.hand_over_organizations(uuid) is
  'Where a person is the last owner, the longest-standing admin, or else member, becomes owner; an organization without '
  'anybody else is deleted.';

-- Accounts that are deleted ------------------------------------------------------------------------------------

create function private.forget_uploader(person uuid) returns void
language sql volatile security invoker set search_path = ''
as $$
  update storage.objects o set owner = null, owner_id = null where o.owner = person or o.owner_id = person::text
$$;
comment on function private.forget_uploader(uuid) is 'Files no longer say that this person put them there.';

create function private.leave_organizations() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.hand_over_organizations(old.id);
  perform private.forget_uploader(old.id);
  return old;
end $$;
comment on function private.leave_organizations() is
  'Row trigger on auth.users: what an account that is deleted owned together with others gets another owner. Definer: the '
  'Auth service that deletes accounts has no rights on public.';

-- Before remove_personal_documents, by its name: drafts that were filed in a deleted organization are personal by then.
create trigger leave_organizations before delete on auth.users
  for each row execute function private.leave_organizations();

create function private.empty_account() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.hand_over_organizations(new.id);
  perform private.forget_uploader(new.id);
  delete from public.memberships m where m.user_id = new.id;
  delete from public.documents d where d.owner_id = new.id and (d.organization_id is null or d.visibility = 'private');
  update public.documents d set owner_id = null where d.owner_id = new.id;
  delete from public.document_shares s where s.user_id = new.id;
  update public.organizations o set created_by = null where o.created_by = new.id;
  delete from public.profiles p where p.id = new.id;
  return null;
end $$;
comment on function private.empty_account() is
  'Row trigger on auth.users: an account that Auth only marks as deleted (should_soft_delete) loses what a deleted one '
  'does. Definer: as leave_organizations.';

create trigger empty_account after update of deleted_at on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.empty_account();

-- Closing one's own --------------------------------------------------------------------------------------------

create function private.account_holdings(person uuid)
returns table (what text, outcome text, count bigint, why text)
language sql stable security invoker rows 10 set search_path = ''
as $$
  with dissolved as (
    select o.id from private.orphaned_organizations(person) o where not o.has_others
  ), documents as (
    select d.id, d.organization_id is null or d.visibility = 'private' as personal,
           coalesce(d.organization_id in (select id from dissolved), false) as dissolved
    from public.documents d
    where d.owner_id = person or (d.visibility <> 'private' and d.organization_id in (select id from dissolved))
  ), files as (
    select f.id, d.id is not null as gone
    from storage.objects f
    left join documents d on d.id = private.document_of_file(f.name) and (d.personal or d.dissolved)
    where f.bucket_id = 'documents' and (d.id is not null or f.owner = person or f.owner_id = person::text))
  select 'profile', 'removed', count(*), 'It says who you are.' from public.profiles p where p.id = person
  union all
  select 'personal documents', 'removed', count(*), 'They are yours alone, with their passages and shares.'
  from documents where personal
  union all
  select 'organizations', 'removed', count(*), 'Nobody else belongs to them.' from dissolved
  union all
  select 'documents of these organizations', 'removed', count(*), 'They go with the organization.'
  from documents d where d.dissolved and not d.personal
  union all
  select 'memberships', 'removed', count(*), 'You belong to no organization any more.'
  from public.memberships m where m.user_id = person
  union all
  select 'shares with you', 'removed', count(*), 'Nobody is let in by them any more.'
  from public.document_shares s where s.user_id = person
  union all
  select 'documents of organizations', 'anonymised', count(*), 'They belong to the organization, and no longer say who wrote them.'
  from documents d where not d.personal and not d.dissolved
  union all
  select 'organizations you founded', 'anonymised', count(*), 'They go on, and no longer say who founded them.'
  from public.organizations o where o.created_by = person and o.id not in (select id from dissolved)
  union all
  select 'files of documents that stay', 'anonymised', count(*), 'They belong to the document, and no longer say who put them there.'
  from files where not gone
  union all
  select 'files of removed documents', 'kept', count(*),
         'Nobody can read a file without its document. Storage is cleared of them from time to time.'
  from files where gone
$$;
comment on function private.account_holdings(uuid) is
  'What belongs to an account, and what becomes of it when the account is closed: removed, anonymised or kept, how many, and '
  'why. Later migrations that add something personal add a line here by create or replace.';

create function private.close_account() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person uuid;
  orphans jsonb;
  names text;
  report jsonb;
begin
  select u.id into person from auth.users u where u.id = auth.uid() and u.deleted_at is null for update;
  if person is null then
    raise sqlstate 'PT404' using message = 'There is no such account', hint = 'It was closed already.';
  end if;
  perform private.lock_organizations(person);
  select jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id), string_agg(o.name, ', ' order by o.name, o.id)
  into orphans, names
  from private.orphaned_organizations(person) o where o.has_others;
  if orphans is not null then
    raise sqlstate 'PT409' using
      message = 'You are the only owner of ' || names,
      detail = jsonb_build_object('organizations', orphans)::text,
      hint = 'Make another member an owner, or delete the organization, then close the account.';
  end if;
  select jsonb_build_object('removed', '[]'::jsonb, 'anonymised', '[]'::jsonb, 'kept', '[]'::jsonb)
      || coalesce(jsonb_object_agg(g.outcome, g.items), '{}')
  into report
  from (
    select h.outcome, jsonb_agg(jsonb_build_object('what', h.what, 'count', h.count, 'why', h.why)) as items
    from private.account_holdings(person) h where h.count > 0 group by h.outcome) g;
  delete from auth.users u where u.id = person;
  return report;
end $$;
comment on function private.close_account() is
  'Deletes the caller''s account. Definer: people have no rights on auth.users. Only ever the caller''s own.';

create function public.close_account() returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.close_account();
end $$;
comment on function public.close_account() is
  'Closes the caller''s account for good: {"removed": [{"what", "count", "why"}], "anonymised": […], "kept": […]}. Refused '
  '(409) while the caller is the only owner of an organization with other members; detail names it.';
grant execute on function private.close_account(), public.close_account() to authenticated;

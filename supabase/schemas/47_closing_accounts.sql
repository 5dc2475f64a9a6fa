-- Closing an account: by the person, by an administrator, or softly by Auth.
--
-- public.close_account() deletes the caller's account and returns what became of everything that belonged to it:
-- removed, anonymised or kept, with the reason. It refuses while the caller is the only owner of an organization with
-- other members.
--
-- A table that stores something personal adds a line to private.account_contents().

create function private.remove_account_contents() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- As deleting it would: rows that concurrent transactions add for the account are then seen here, and removed.
  perform from auth.users u where u.id = new.id for update;
  if exists (select from private.removals r where r.kind = 'account' and r.subject_id = new.id) then
    return null;
  elsif private.is_large_account(new.id) then
    perform private.begin_account_removal(new.id, false);
    return null;
  end if;
  perform private.remove_own_organizations(new.id);
  perform private.begin_clearing_uploads(new.id);
  delete from public.memberships m where m.user_id = new.id;
  delete from public.invitations i where i.invited_by = new.id;
  delete from public.documents d where d.owner_id = new.id and (d.organization_id is null or d.visibility = 'private');
  update public.documents d set owner_id = null where d.owner_id = new.id;
  delete from public.document_shares s where s.user_id = new.id;
  update public.organizations o set created_by = null where o.created_by = new.id;
  perform private.leave_orders(new.id);
  update public.orders o set buyer_id = null where o.buyer_id = new.id;
  delete from private.order_requests r where r.buyer_id = new.id;
  delete from public.interactions i where i.user_id = new.id;
  delete from private.paired_purchases p where p.user_id = new.id;
  delete from public.profiles p where p.id = new.id;
  return null;
end $$;
comment on function private.remove_account_contents is
  'Row trigger on auth.users: an account that Auth only marks as deleted (should_soft_delete) loses what a deleted one '
  'does. Definer: as leave_organizations.';

create trigger remove_account_contents after update of deleted_at on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.remove_account_contents();

create function private.files_of_account(person uuid, dissolved uuid[]) returns table (goes boolean)
language sql stable security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
  with looked_into as (
    (select d.id, d.organization_id is null or d.visibility = 'private'
                  or coalesce(d.organization_id = any (dissolved), false) as goes
     from public.documents d where d.owner_id = person limit 10000)
    union
    (select d.id, true from public.documents d
     where d.visibility <> 'private' and d.organization_id = any (dissolved) limit 10000)
  )
  select d.goes
  from looked_into d
  -- By the names of their documents, since Storage has no index by uploader.
  join storage.objects f on f.name ~>=~ (d.id || '/') and f.name ~<~ (d.id || '0')
  where f.bucket_id = 'documents' and (d.goes or f.owner = person or f.owner_id = person::text)
$$;
comment on function private.files_of_account is
  'Files of documents that go with an account, and files that the person put at others that they wrote. Looks into the '
  'first 10,000 documents that the person wrote, and the first 10,000 of the organizations that go.';

create function private.account_contents(person uuid)
returns table (what text, outcome text, count bigint, why text)
language sql stable security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
  with dissolved as (
    select o.id from private.orphaned_organizations(person) o where not o.has_others
  ), written as (
    -- More than anybody writes; the count of an account that has more is at least this.
    select d.id, d.organization_id is null or d.visibility = 'private' as is_personal,
           coalesce(d.organization_id in (select o.id from dissolved o), false) as is_dissolved
    from public.documents d where d.owner_id = person limit 100000
  ), files as (
    select f.goes from private.files_of_account(person, array(select o.id from dissolved o)) f)
  select 'profile', 'removed', count(*), 'It says who you are.' from public.profiles p where p.id = person
  union all
  select 'personal documents', 'removed', count(*), 'They are yours alone, with their chunks and shares.'
  from written w where w.is_personal
  union all
  select 'organizations', 'removed', count(*), 'Nobody else belongs to them.' from dissolved
  union all
  select 'documents of these organizations', 'removed', coalesce(sum(u.documents), 0)::bigint,
         'They go with the organization.'
  from private.document_usage u where u.holder_id in (select o.id from dissolved o)
  union all
  select 'memberships', 'removed', count(*), 'You belong to no organization any more.'
  from public.memberships m where m.user_id = person
  union all
  select 'shares with you', 'removed', count(*), 'Nobody is let in by them any more.'
  from public.document_shares s where s.user_id = person
  union all
  select 'documents of organizations', 'anonymised', count(*),
         'They belong to the organization, and no longer say who wrote them.'
  from written w where not w.is_personal and not w.is_dissolved
  union all
  select 'organizations you founded', 'anonymised', count(*), 'They go on, and no longer say who founded them.'
  from public.organizations o where o.created_by = person and o.id not in (select id from dissolved)
  union all
  select 'files of documents that stay', 'anonymised', count(*),
         'They belong to the document, and no longer say who put them there.'
  from files f where not f.goes
  union all
  select 'files of removed documents', 'kept', count(*),
         'Nobody can read a file without its document. Storage is cleared of them from time to time.'
  from files f where f.goes
  union all
  select 'what you looked at, put into the cart and bought', 'removed', count(*),
         'Nothing is recommended by it any more. Counts over many people stay, and tell nothing of one.'
  from public.interactions i where i.user_id = person
  union all
  select 'payments you settled for the shop', 'anonymised', count(*), 'They no longer say who settled them, only why.'
  from private.payment_jobs j where j.settled_by = person
  union all
  select 'orders not paid yet', 'kept', count(*),
         'They are cancelled, and their goods back on sale; the order stays in the books, and no longer says whose it '
         'was.'
  from public.orders o where o.buyer_id = person and o.status = 'pending'
  union all
  select 'orders', 'kept', count(*), 'Bookkeeping law wants them for years; they no longer say who bought.'
  from public.orders o where o.buyer_id = person and o.status <> 'pending'
$$;
comment on function private.account_contents is
  'What belongs to an account, and what becomes of it when it is closed, how many, and why.';

create function private.close_account() returns jsonb
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
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
  -- The first twenty; the others are named when these are dealt with.
  select jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id),
         string_agg(o.name, ', ' order by o.name, o.id)
  into orphans, names
  from (
    select p.id, p.name from private.orphaned_organizations(person) p
    where p.has_others order by p.name, p.id limit 20) o;
  if orphans is not null then
    raise sqlstate 'PT409' using
      message = 'You are the only owner of ' || names,
      detail = jsonb_build_object('organizations', orphans)::text,
      hint = 'Invite another owner and wait until they accept, or delete the organization, then close the account.';
  end if;
  select jsonb_build_object('removed', '[]'::jsonb, 'anonymised', '[]'::jsonb, 'kept', '[]'::jsonb)
      || coalesce(jsonb_object_agg(g.outcome, g.items), '{}')
  into report
  from (
    select h.outcome, jsonb_agg(jsonb_build_object('what', h.what, 'count', h.count, 'why', h.why)) as items
    from private.account_contents(person) h where h.count > 0 group by h.outcome) g;
  delete from auth.users u where u.id = person;
  return report;
end $$;
comment on function private.close_account is
  'Deletes the caller''s account. Definer: deletes from auth.users, the caller''s own row only.';
grant execute on function private.close_account to authenticated;

create function public.close_account() returns jsonb
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$ select private.require_open_account(); select private.close_account() $$;
comment on function public.close_account is
  'Closes the caller''s account for good: {"removed": [{"what", "count", "why"}], "anonymised": […], "kept": […]}. '
  'Refused (409) while the caller is the only owner of an organization with other members, which detail names.';
grant execute on function public.close_account to authenticated;

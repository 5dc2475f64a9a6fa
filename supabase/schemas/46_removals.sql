-- Removing large organizations and accounts in pieces.
--
-- The worker calls process_removals() again and again. Each call removes one piece of what waits longest in
-- private.removals, in a transaction of some tenths of a second: shares, chunks, documents, memberships, and at last
-- the organization or the account itself. A piece that fails is retried later and does not hold up the others.

create function private.remove_documents(document_ids uuid[], max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
as $$
declare
  removed integer;
begin
  -- One document may have more shares, chunks or files than one piece.
  delete from public.document_shares s
  where (s.document_id, s.user_id) in (
    select o.document_id, o.user_id from public.document_shares o
    where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  delete from public.chunks c
  where c.id in (select o.id from public.chunks o where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  -- A file's row goes with its text, which may be long.
  delete from public.document_files f
  where f.id in (select o.id from public.document_files o where o.document_id = any (document_ids) limit max_rows / 10);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  -- As many as have 50 MB of text as it is stored, and one in any case.
  delete from public.documents d
  where d.id in (
    select s.id from (
      select o.id, pg_column_size(o.content) as bytes,
             sum(pg_column_size(o.content)) over (order by o.id rows unbounded preceding) as bytes_so_far
      from public.documents o where o.id = any (document_ids)) s
    where s.bytes_so_far - s.bytes < 50000000);
  get diagnostics removed = row_count;
  return removed;
end $$;
comment on function private.remove_documents is
  'One piece of the removal of a few documents: shares, chunks, files, then the documents; returns how many rows.';

create function private.remove_organization_piece(organization uuid, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  removed integer;
  next_documents uuid[];
begin
  -- Keeps others from joining. Whoever joined before keeps the organization.
  perform from public.organizations o where o.id = organization for update;
  if not found or exists (select from public.memberships m where m.organization_id = organization) then
    return 0;
  end if;
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o
    where o.organization_id = organization and o.visibility = 'private' limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  next_documents := array(
    select d.id from public.documents d where d.organization_id = organization limit least(max_rows, 250));
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  delete from public.organizations o where o.id = organization;
  return 0;
end $$;
comment on function private.remove_organization_piece is
  'One piece of the removal of an organization without members; 0 when it is done.';

create function private.remove_account_rows(person uuid, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  removed integer;
begin
  for step in 1..7 loop
    case step
      when 1 then
        delete from public.invitations i
        where i.id in (select o.id from public.invitations o where o.invited_by = person limit max_rows);
      when 2 then
        update public.documents d set owner_id = null
        where d.id in (select o.id from public.documents o where o.owner_id = person limit max_rows);
      when 3 then
        delete from public.document_shares s
        where s.user_id = person and s.document_id in (
          select o.document_id from public.document_shares o where o.user_id = person limit max_rows);
      when 4 then
        update public.organizations o set created_by = null
        where o.id in (select f.id from public.organizations f where f.created_by = person limit max_rows);
      when 5 then
        delete from public.interactions i
        where i.id in (select o.id from public.interactions o where o.user_id = person limit max_rows);
      when 6 then
        update public.orders o set buyer_id = null
        where o.id in (select b.id from public.orders b where b.buyer_id = person limit max_rows);
      when 7 then
        delete from private.order_requests r
        where r.buyer_id = person and r.idempotency_key in (
          select o.idempotency_key from private.order_requests o where o.buyer_id = person limit max_rows);
    end case;
    get diagnostics removed = row_count;
    exit when removed > 0;
  end loop;
  return removed;
end $$;
comment on function private.remove_account_rows is
  'Deletes or anonymizes up to max_rows rows of one table that belong to a closed account; 0 when none are left.';

create function private.remove_account_piece(person uuid, deletes_account boolean, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  removed integer;
  next_documents constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = person and (d.organization_id is null or d.visibility = 'private')
    -- Public ones first.
    order by (d.visibility = 'public') desc limit least(max_rows, 250));
begin
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  removed := private.leave_some_organizations(person, least(max_rows, 250));
  if removed = 0 then
    removed := private.remove_account_rows(person, max_rows);
  end if;
  if removed > 0 then
    return removed;
  end if;
  perform private.begin_clearing_uploads(person);
  delete from private.paired_purchases p where p.user_id = person;
  if deletes_account then
    delete from auth.users u where u.id = person;
  end if;
  return 0;
end $$;
comment on function private.remove_account_piece is 'One piece of the removal of a closed account; 0 when it is done.';

create function private.return_drafts_piece(person uuid, max_rows integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  returned integer;
begin
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o
    where o.owner_id = person and o.visibility = 'private' and o.organization_id is not null
      and not exists (
        select from public.memberships m
        where m.organization_id = o.organization_id and m.user_id = person and m.role >= 'editor')
    limit max_rows);
  get diagnostics returned = row_count;
  return returned;
end $$;
comment on function private.return_drafts_piece is
  'Makes up to max_rows drafts personal that are filed where their owner may not write; 0 when none are left.';

create function private.clear_uploads_piece(person uuid, after uuid, max_files integer) returns integer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  last_file constant uuid := private.clear_uploader(person, after, max_files);
begin
  update private.removals r set last_file_id = last_file where r.kind = 'uploads' and r.subject_id = person;
  return case when last_file is null then 0 else max_files end;
end $$;
comment on function private.clear_uploads_piece is
  'Looks for the uploads of a closed account among the next files; 0 when there are no more.';

create function private.process_removals(max_rows integer) returns integer
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  next private.removals;
  removed integer;
begin
  select r.* into next from private.removals r
  where r.turn <= clock_timestamp() order by r.turn limit 1 for update skip locked;
  if not found then
    return 0;
  end if;
  begin
    case next.kind
      when 'organization' then
        removed := private.remove_organization_piece(next.subject_id, max_rows);
      when 'account' then
        removed := private.remove_account_piece(next.subject_id, next.deletes_account, max_rows);
      when 'drafts' then
        removed := private.return_drafts_piece(next.subject_id, max_rows);
      when 'uploads' then
        -- Most files are only read.
        removed := private.clear_uploads_piece(next.subject_id, next.last_file_id, 10 * max_rows);
      when 'deserted' then
        perform private.remove_deserted(next.organization_ids);
        removed := 0;
    end case;
  exception when others then
    -- Later, so that the others go on.
    update private.removals r
    set attempts = r.attempts + 1, last_error = sqlerrm,
        turn = clock_timestamp() + least(600, 2 ^ least(r.attempts, 10)) * interval '1 second'
    where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    raise warning 'the removal of % % failed, and is tried again: %', next.kind, next.subject_id, sqlerrm;
    return 1;
  end;
  if removed = 0 then
    delete from private.removals r where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    return 1;
  end if;
  update private.removals r set turn = clock_timestamp(), attempts = 0, last_error = null
  where (r.kind, r.subject_id) = (next.kind, next.subject_id);
  return removed;
end $$;
comment on function private.process_removals is
  'Removes one piece, of about max_rows rows, of what waits longest in private.removals. Returns how many rows, at '
  'least 1; 0 when nothing waits. Definer: the worker has no rights on what is removed.';
grant execute on function private.process_removals to tidegate_worker;

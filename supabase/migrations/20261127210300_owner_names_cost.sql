-- Purpose: whose the results of a search are is told without gathering all audiences of the caller once more.
-- Undo: create private.owner_names of 20261127210000 again.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.owner_names(document_ids uuid[]) returns table (document_id uuid, name text)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  caller constant uuid := auth.uid();
begin
  return query
    select d.id,
           case when d.visibility = 'private' or d.organization_id is null then coalesce(p.display_name, p.email) else o.name end
    from public.documents d
    left join public.organizations o on o.id = d.organization_id
    left join public.profiles p on p.id = d.owner_id
    where d.id = any (document_ids)
      -- As the policies of documents: an audience of the caller, or a share. Looked up for these few rows.
      and (d.visibility = 'private' and d.owner_id = caller
           or d.visibility = 'public' and (d.organization_id is null or o.may_publish)
           or d.visibility <> 'private'
              and exists (select from public.memberships m where m.organization_id = d.organization_id and m.user_id = caller)
           or exists (select from public.document_shares s where s.document_id = d.id and s.user_id = caller));
end $$;
comment on function private.owner_names(uuid[]) is
  'Names of the owners of those documents that the caller may read: the organization, else the person by display name or e-mail '
  'address. Definer: readers of a published or shared document read neither its organization nor the profile of its owner.';

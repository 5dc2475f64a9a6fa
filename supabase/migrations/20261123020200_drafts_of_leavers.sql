-- Purpose: whoever may no longer write in an organization keeps the private documents filed there, and can edit them.
-- Undo: drop trigger return_drafts_on_leaving, return_drafts_on_demotion on public.memberships; drop the function below.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.return_drafts() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.documents d set organization_id = null
  where d.owner_id = old.user_id and d.organization_id = old.organization_id and d.visibility = 'private';
  return null;
end $$;
comment on function private.return_drafts() is
  'Row trigger on memberships: private documents of somebody who may write in the organization no longer become personal, '
  'since filing wants the role of an editor. Definer: whoever takes the role away cannot see them.';

create trigger return_drafts_on_leaving after delete on public.memberships
  for each row execute function private.return_drafts();
create trigger return_drafts_on_demotion after update on public.memberships
  for each row when (old.role >= 'editor' and new.role < 'editor') execute function private.return_drafts();

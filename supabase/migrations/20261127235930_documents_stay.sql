-- Purpose: nobody carries off what a colleague wrote. An editor of two organizations could file every document of one in the
--   other, and keep and rewrite them there after losing the first.
-- Undo: drop trigger require_owner_of_moved on public.documents; drop function private.require_owner_of_moved().
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create function private.require_owner_of_moved() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  -- What functions move, such as drafts of an organization that is deleted, stays its owner's.
  if current_user = 'authenticated' and new.owner_id is distinct from auth.uid() then
    raise sqlstate 'PT403' using message = 'Only its owner files a document elsewhere.',
      hint = 'Leave organization_id as it is, or ask the owner (owner_id) to change it.';
  end if;
  return new;
end $$;
comment on function private.require_owner_of_moved() is
  'Row trigger on documents whose organization changes: editors change and delete what colleagues wrote, and leave it where it is.';
-- Before the policies are asked, which do not know where the row was.
create trigger require_owner_of_moved before update on public.documents
  for each row when (old.organization_id is distinct from new.organization_id)
  execute function private.require_owner_of_moved();

-- Which organizations may publish to everybody.
--
-- Public documents of an organization have a scope of their own. It belongs to everybody while the organization may
-- publish, and to its members otherwise, so that staff give or withdraw the right by changing one row, not the
-- documents.

create function private.record_publishing() returns trigger
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  new.published_at := now();
  return new;
end $$;
comment on function private.record_publishing is 'Row trigger on organizations: records when one could first publish.';

create trigger record_publishing before insert or update on public.organizations
  for each row when (new.may_publish and new.published_at is null) execute function private.record_publishing();

create function private.set_publishing(organization_id uuid, may_publish boolean) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  update public.organizations o set may_publish = set_publishing.may_publish
  where o.id = set_publishing.organization_id;
  if not found then
    raise sqlstate 'PT404' using
      message = format('There is no organization %s.', coalesce(organization_id::text, '(null)'));
  end if;
end $$;
comment on function private.set_publishing is 'See public.set_publishing. Definer: staff may not write organizations.';
grant execute on function private.set_publishing to authenticated, service_role;

create function public.set_publishing(organization_id uuid, may_publish boolean) returns void
language sql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
  select private.require_open_account();
  select private.set_publishing(set_publishing.organization_id, set_publishing.may_publish)
$$;
comment on function public.set_publishing is
  'For staff: sets whether everybody reads an organization''s public documents. Takes effect at once; without the '
  'right only its members read them.';
grant execute on function public.set_publishing to authenticated, service_role;

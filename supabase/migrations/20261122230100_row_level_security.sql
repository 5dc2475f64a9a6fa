-- Purpose: no table without row level security, even one that a later migration or a dashboard user forgets.
-- Undo: drop event trigger enforce_row_level_security; drop function private.enforce_row_level_security();
set local lock_timeout = '10s';

create function private.enforce_row_level_security() returns event_trigger
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  created record;
begin
  for created in
    select c.object_identity
    from pg_catalog.pg_event_trigger_ddl_commands() c
    join pg_catalog.pg_class t on t.oid = c.objid
    where c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and c.schema_name in ('public', 'private')
      and t.relkind in ('r', 'p') and not (t.relrowsecurity and t.relforcerowsecurity)
  loop
    -- In one statement: it fires this trigger again, which must then find nothing left to do.
    execute pg_catalog.format(
      'alter table %s enable row level security, force row level security', created.object_identity);
  end loop;
end $$;
comment on function private.enforce_row_level_security() is
  'Event trigger: enables and forces row level security on every table that is created in public or private, moved there, '
  'or altered to be without it.';

-- Hosted Supabase lets postgres create an event trigger; plain PostgreSQL wants a superuser, who applies the same
-- statement after the migrations.
do $$
begin
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'enforce_row_level_security') then
    create event trigger enforce_row_level_security on ddl_command_end
      when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
      execute function private.enforce_row_level_security();
  end if;
exception when insufficient_privilege then
  raise notice 'event trigger enforce_row_level_security: a superuser must create it on this server';
end $$;

-- The statement that hosted Supabase lets the migration run itself, and that plain PostgreSQL wants a superuser for.
-- Run as supabase_admin after the migrations; running it again changes nothing.
do $$
begin
  if to_regprocedure('private.enforce_row_level_security()') is not null
    and not exists (select from pg_catalog.pg_event_trigger where evtname = 'enforce_row_level_security')
  then
    create event trigger enforce_row_level_security on ddl_command_end
      when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE')
      execute function private.enforce_row_level_security();
  end if;
end $$;

-- Tables that somebody makes tomorrow get row level security by themselves.
select 'enforce_row_level_security' as object,
       'The event trigger that gives every new table row level security is missing, disabled or asks too little.' as detail,
       'As a superuser, run supabase/local/event_trigger.sql; or: alter event trigger enforce_row_level_security enable;' as remediation
where not exists (
  select from pg_catalog.pg_event_trigger t
  where t.evtname = 'enforce_row_level_security' and t.evtevent = 'ddl_command_end' and t.evtenabled in ('O', 'A')
    and t.evttags @> '{CREATE TABLE,CREATE TABLE AS,SELECT INTO,ALTER TABLE}'
    and t.evtfoid = to_regprocedure('private.enforce_row_level_security()'))

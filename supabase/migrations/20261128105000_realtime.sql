-- What clients may subscribe to.
--
-- Supabase's Realtime sends changes of the tables in publication supabase_realtime to subscribers, each row to those
-- whom its policies let read it. Only the state of documents and files is published: they are what clients wait for.
-- Of deleted rows Realtime sends the id to all subscribers of the table, since there is no row left to ask a policy
-- about (docs/access.md).

create function private.publish_state() returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  table_name text;
begin
  for table_name in
    select t.name from unnest(array['documents', 'document_files']) t (name)
    join pg_publication p on p.pubname = 'supabase_realtime' and not p.puballtables
    where not exists (
      select from pg_publication_tables e
      where e.pubname = p.pubname and e.schemaname = 'public' and e.tablename = t.name)
  loop
    execute format('alter publication supabase_realtime add table public.%I', table_name);
  end loop;
exception when insufficient_privilege then
  raise notice 'publication supabase_realtime: not changed'
    using hint = 'Its owner adds public.documents and public.document_files.';
end $$;
comment on function private.publish_state is
  'Adds documents and their files to the publication of Realtime, where there is one. Granted to nobody: migrations '
  'call it.';

select private.publish_state();

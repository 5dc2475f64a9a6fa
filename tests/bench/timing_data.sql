-- Adds documents of another organization, numbered %(first)s to %(last)s, every one about the same secret, with passages,
-- vectors, people and shares. Run as the superuser; triggers and foreign keys rest meanwhile.
set session_replication_role = replica;
create temporary table added as
  select g as number, md5('other ' || g)::uuid as id from generate_series(%(first)s::integer, %(last)s::integer) g;
insert into auth.users (id, email, raw_app_meta_data, raw_user_meta_data)
  select a.id, a.number || '@other.example.org', '{}', '{}' from added a;
insert into public.profiles (id) select a.id from added a;
insert into public.memberships (organization_id, user_id) select %(organization)s, a.id from added a;
insert into public.documents (id, owner_id, organization_id, visibility, title, content, status)
  select a.id, a.id, %(organization)s, 'organization', 'Secret merger', 'The merger with Bayview, part ' || a.number, 'ready'
  from added a;
insert into public.document_shares (document_id, user_id) select a.id, a.id from added a;
insert into public.chunks
    (document_id, scope_id, position, title, content, start_offset, end_offset, token_count, language, input_hash)
  select d.id, d.scope_id, 0, d.title, d.content, 0, 0, 80, 'en', '' from added a join public.documents d using (id);
insert into public.chunk_embeddings (chunk_id, model_id, source_id, scope_id, embedding)
  select c.id, 1, c.source_id, c.scope_id,
         (select array_agg(sin(c.id * i))::real[]::extensions.halfvec from generate_series(1, 384) i)
  from added a join public.chunks c on c.document_id = a.id;
drop table added;
set session_replication_role = origin;

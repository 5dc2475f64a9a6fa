-- Purpose: the gateway's way in: it becomes the caller in the statement that answers.
-- Undo: drop the functions below.
set local lock_timeout = '10s';

create function private.become(claims text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
end $$;
comment on function private.become(text) is
  'Makes the rest of the transaction run as the caller of these verified claims, and as nobody else after it.';
grant execute on function private.become(text) to tidegate_gateway;

create function private.search_as(
  claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer,
  organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
begin
  perform private.become(claims);
  return query select * from public.search(
    search_as.query, query_embedding, search_as.mode, kinds, max_results,
    search_as.organization_id, search_as.category, price_min, price_max, in_stock);
end $$;
comment on function private.search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean) is
  'public.search as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the '
  'transaction ends.';
grant execute on function private.search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean)
  to tidegate_gateway;

create function private.failed_documents_as(claims text, max_rows integer)
returns table (id uuid, title text, error text, updated_at timestamptz)
language plpgsql volatile security invoker rows 10 set search_path = ''
as $$
begin
  perform private.become(claims);
  return query
    select d.id, d.title, d.error, d.updated_at from public.documents d
    where d.status = 'failed'
      -- Theirs to mend: readers of a public document need not know what an embedder said of it.
      and (d.owner_id = auth.uid() or d.organization_id in (select private.my_organizations('editor')))
    order by d.updated_at desc limit max_rows;
end $$;
comment on function private.failed_documents_as(text, integer) is
  'Documents of the caller of these verified claims, or of the caller''s organizations, that could not be embedded. In '
  'autocommit only.';
grant execute on function private.failed_documents_as(text, integer) to tidegate_gateway;

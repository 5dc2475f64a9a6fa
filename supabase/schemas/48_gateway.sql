-- The gateway's calls: each becomes the caller and answers in one round trip.
--
-- The gateway verifies a token and passes its claims. private.assume_caller() sets the claims and the role for the rest
-- of the transaction, so that the policies decide as they do for the Data API. Call these functions in autocommit mode
-- only: the role lasts until the transaction ends.
--
-- So does the name of the request's trace, which assume_caller() appends to application_name: pg_stat_activity and the
-- log show it. The setting of the session is in force again before the server answers, so that a transaction pooler
-- never learns of it.

create function private.assume_caller(claims text, trace text default null) returns void
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
  if trace is not null then
    -- 63 bytes, of which the id of a trace has 32.
    perform set_config('application_name', left(current_setting('application_name'), 30) || ' ' || trace, true);
  end if;
  perform private.require_open_account();
end $$;
comment on function private.assume_caller is
  'Makes the rest of the transaction run as the caller with these verified claims: anon or authenticated. '
  'application_name ends with the id of this trace.';

create function private.embedding_model_as(claims text, trace text default null)
returns table (name text, dimensions integer)
language plpgsql volatile security invoker rows 1 set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims, trace);
  return query select m.name, m.dimensions from private.active_embedding_model() m;
end $$;
comment on function private.embedding_model_as is
  'The active embedding model, for a caller with these verified claims whose account is open.';

create function private.failed_documents_as(claims text, max_rows integer, trace text default null)
returns table (id uuid, title text, error text, updated_at timestamptz)
language plpgsql volatile security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims, trace);
  return query
    select d.id, d.title, left(d.error, 1000), d.updated_at from public.documents d
    where d.status = 'failed'
      -- Only for those who can mend them.
      and (d.owner_id = auth.uid() or d.organization_id in (select private.my_organizations('editor')))
    order by d.updated_at desc limit max_rows;
end $$;
comment on function private.failed_documents_as is
  'Documents of the caller with these verified claims, or of the caller''s organizations, that could not be embedded, '
  'with at most 1,000 characters of the error.';

create function private.recommend_as(
  claims text, like_product uuid, category text, max_results integer, mode text, trace text default null)
returns public.recommend_answer
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.assume_caller(claims, trace);
  return public.recommend(like_product, category, max_results, mode);
end $$;
comment on function private.recommend_as is 'public.recommend as the caller with these verified claims.';

grant execute on function
  private.assume_caller, private.embedding_model_as, private.failed_documents_as,
  private.recommend_as
  to tidegate_gateway;

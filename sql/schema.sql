--
-- PostgreSQL database dump
--

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: private; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA private;

--
-- Name: SCHEMA private; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA private IS 'Tables and functions that no API exposes. Policies call its functions, so the API roles may use the schema and nothing more.';

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA public;

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON SCHEMA public IS 'standard public schema';

--
-- Name: chunk_match; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.chunk_match AS (
	source_id uuid,
	chunk_id bigint,
	score double precision
);

--
-- Name: TYPE chunk_match; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.chunk_match IS 'A passage that one leg of a search found, its source, and how well it fits (more is better).';

--
-- Name: query_term; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.query_term AS (
	stemmer text,
	word text,
	match tsquery,
	weight double precision,
	average_length double precision
);

--
-- Name: TYPE query_term; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.query_term IS 'A stem of the query by one stemmer, how much it tells (its inverse document frequency over the sum of all), and the mean length in tokens of the passages that were counted.';

--
-- Name: document_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.document_status AS ENUM (
    'pending',
    'ready',
    'failed'
);

--
-- Name: TYPE document_status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.document_status IS 'pending: waits to be embedded; ready: searchable as it stands; failed: see error.';

--
-- Name: document_visibility; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.document_visibility AS ENUM (
    'private',
    'organization',
    'public'
);

--
-- Name: TYPE document_visibility; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.document_visibility IS 'Who reads a document: its owner, its organization, everybody.';

--
-- Name: membership_role; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.membership_role AS ENUM (
    'viewer',
    'editor',
    'admin',
    'owner'
);

--
-- Name: TYPE membership_role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.membership_role IS 'viewer reads; editor writes documents; admin manages people; owner can delete the organization.';

--
-- Name: activate_embedding_model(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.activate_embedding_model(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if not exists (select from private.embedding_models m where m.name = activate_embedding_model.name) then
    raise exception 'no embedding model is called %', activate_embedding_model.name using errcode = 'no_data_found';
  end if;
  update private.embedding_models m set is_active = false where m.is_active;
  update private.embedding_models m set is_active = true where m.name = activate_embedding_model.name;
end $$;

--
-- Name: FUNCTION activate_embedding_model(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.activate_embedding_model(name text) IS 'Makes one model the one that search uses; run by the owner of the tables.';

--
-- Name: active_embedding_model(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select m.id, m.name, m.dimensions from private.embedding_models m where m.is_active
$$;

--
-- Name: FUNCTION active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) IS 'The model that search uses. Definer: callers read one row of a table that is not theirs.';

--
-- Name: add_creator_as_owner(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.add_creator_as_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into public.memberships (organization_id, user_id, role) values (new.id, new.created_by, 'owner');
  return new;
end $$;

--
-- Name: FUNCTION add_creator_as_owner(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.add_creator_as_owner() IS 'Row trigger on organizations. Definer: nobody may add the first member of an organization otherwise.';

--
-- Name: become(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.become(claims text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
end $$;

--
-- Name: FUNCTION become(claims text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.become(claims text) IS 'Makes the rest of the transaction run as the caller of these verified claims, and as nobody else after it.';

--
-- Name: best_of_sources(private.chunk_match[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.best_of_sources(found private.chunk_match[]) RETURNS private.chunk_match[]
    LANGUAGE sql IMMUTABLE
    SET search_path TO ''
    AS $$
  select coalesce(array_agg((b.source_id, b.chunk_id, b.score)::private.chunk_match), '{}')
  from (select distinct on (m.source_id) m.source_id, m.chunk_id, m.score
        from unnest(found) m order by m.source_id, m.score desc) b
$$;

--
-- Name: FUNCTION best_of_sources(found private.chunk_match[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.best_of_sources(found private.chunk_match[]) IS 'The best passage of each source.';

--
-- Name: create_profile(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.create_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into public.profiles (id, display_name)
  values (
    new.id,
    nullif(left(trim(coalesce(new.raw_user_meta_data ->> 'display_name', new.raw_user_meta_data ->> 'full_name', '')), 200), ''))
  on conflict (id) do nothing;
  return new;
end $$;

--
-- Name: FUNCTION create_profile(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.create_profile() IS 'Row trigger on auth.users. Definer: the Auth service that inserts accounts has no rights on public.';

--
-- Name: document_of_file(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.document_of_file(name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  -- Lower case only: two spellings of one id would be two folders.
  select case
    when name ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.'
    then left(name, 36)::uuid
  end
$$;

--
-- Name: FUNCTION document_of_file(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.document_of_file(name text) IS 'The document of a file in bucket documents, whose name is <document id>/<anything>; null for every other name.';

--
-- Name: embedding_queue_status(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select count(*) filter (where j.parked_at is null),
         count(*) filter (where j.parked_at is not null),
         coalesce(extract(epoch from now() - min(j.created_at) filter (where j.parked_at is null)), 0)
  from private.embedding_jobs j
$$;

--
-- Name: FUNCTION embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) IS 'How far the worker is behind. Definer: counts rows of everybody, shows none.';

--
-- Name: end_shares_of_leaver(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.end_shares_of_leaver() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from public.document_shares s using public.documents d
  where s.user_id = old.user_id and d.id = s.document_id
    and d.organization_id = old.organization_id and d.visibility <> 'private';
  return null;
end $$;

--
-- Name: FUNCTION end_shares_of_leaver(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.end_shares_of_leaver() IS 'Row trigger on memberships: who leaves an organization keeps no share of its documents. Definer: shares are the owner''s to delete, not the remover''s.';

--
-- Name: enforce_row_level_security(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_row_level_security() RETURNS event_trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
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

--
-- Name: FUNCTION enforce_row_level_security(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enforce_row_level_security() IS 'Event trigger: enables and forces row level security on every table that is created in public or private, moved there, or altered to be without it.';

--
-- Name: enqueue_embeddings(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if cardinality(document_ids) + cardinality(product_ids) = 0 then
    return;
  end if;
  -- In one order, so that two statements over the same sources queue instead of deadlocking. A text takes about 20 ms,
  -- and 30 ms a kilobyte.
  insert into private.embedding_jobs as j (document_id, product_id, turn)
    select s.document_id, s.product_id, now() + make_interval(secs => sum(s.cost) over w - s.cost)
    from (
      select d.id as document_id, null::uuid as product_id, 0.02 + 0.00003 * octet_length(d.content) as cost
      from public.documents d where d.id = any (document_ids)
      union all
      select null, p.id, 0.02 + 0.00003 * octet_length(p.description)
      from public.products p where p.id = any (product_ids)) s
    window w as (order by s.document_id, s.product_id)
    order by s.document_id, s.product_id
  on conflict (source_id) do update
    set revision = nextval('private.embedding_job_revisions'), turn = excluded.turn,
        attempts = 0, available_at = now(), parked_at = null, last_error = null;
  perform pg_catalog.pg_notify('embedding_jobs', '');
end $$;

--
-- Name: FUNCTION enqueue_embeddings(document_ids uuid[], product_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) IS 'Notes documents and products to embed, afresh when already noted, and wakes the worker. Definer: people write the texts, not the queue.';

--
-- Name: exact_search_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.exact_search_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$ select 20000 $$;

--
-- Name: FUNCTION exact_search_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.exact_search_limit() IS 'Passages up to which all are compared: 15 ms of a core. Above that, walking the index is faster.';

--
-- Name: failed_documents_as(text, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.failed_documents_as(claims text, max_rows integer) RETURNS TABLE(id uuid, title text, error text, updated_at timestamp with time zone)
    LANGUAGE plpgsql ROWS 10
    SET search_path TO ''
    AS $$
begin
  perform private.become(claims);
  return query
    select d.id, d.title, d.error, d.updated_at from public.documents d
    where d.status = 'failed'
      -- Theirs to mend: readers of a public document need not know what an embedder said of it.
      and (d.owner_id = auth.uid() or d.organization_id in (select private.my_organizations('editor')))
    order by d.updated_at desc limit max_rows;
end $$;

--
-- Name: FUNCTION failed_documents_as(claims text, max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.failed_documents_as(claims text, max_rows integer) IS 'Documents of the caller of these verified claims, or of the caller''s organizations, that could not be embedded. In autocommit only.';

--
-- Name: filtered_sources(text[], uuid, text, numeric, numeric, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO ''
    AS $$
begin
  if 'documents' = any (kinds) then
    return query select d.id from public.documents d where d.organization_id = filtered_sources.organization_id;
  end if;
  if 'products' = any (kinds) then
    return query
      select p.id from public.products p join public.categories c on c.id = p.category_id
      where (filtered_sources.category is null or c.slug = filtered_sources.category)
        and (price_min is null or p.price >= price_min)
        and (price_max is null or p.price <= price_max)
        and (in_stock is null or p.is_in_stock = in_stock);
  end if;
end $$;

--
-- Name: FUNCTION filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) IS 'Documents and products that pass the filters, as the caller sees them.';

--
-- Name: forget_creator(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_creator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.organizations o set created_by = null
  where o.id = old.organization_id and o.created_by = old.user_id;
  return null;
end $$;

--
-- Name: FUNCTION forget_creator(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_creator() IS 'Row trigger on memberships: a creator who left no longer reads the organization. Definer: the leaver may not update it.';

--
-- Name: has_other_owner(uuid, uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.has_other_owner(organization_id uuid, user_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  -- Two owners who leave at once must see each other: they queue on the organization's row.
  perform from public.organizations o where o.id = has_other_owner.organization_id for no key update;
  return exists (
    select from public.memberships m
    where m.organization_id = has_other_owner.organization_id
      and m.user_id <> has_other_owner.user_id
      and m.role = 'owner');
end $$;

--
-- Name: FUNCTION has_other_owner(organization_id uuid, user_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.has_other_owner(organization_id uuid, user_id uuid) IS 'Whether somebody else owns the organization. Definer: locks a row that the caller may not lock.';

--
-- Name: index_embeddings(integer, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.index_embeddings(max_rows integer, tolerated integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  model constant smallint := (private.active_embedding_model()).id;
  indexed integer;
begin
  if not exists (
      select from public.chunk_embeddings e where e.model_id = model and not e.is_indexed offset tolerated limit 1)
    or not exists (
      select from public.chunk_embeddings e where e.model_id = model offset private.exact_search_limit() limit 1)
  then
    return 0;
  end if;
  update public.chunk_embeddings e set is_indexed = true
  from (
    select w.chunk_id from public.chunk_embeddings w
    where w.model_id = model and not w.is_indexed
    limit max_rows for no key update skip locked) w
  where e.chunk_id = w.chunk_id and e.model_id = model;
  get diagnostics indexed = row_count;
  return indexed;
end $$;

--
-- Name: FUNCTION index_embeddings(max_rows integer, tolerated integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer) IS 'Puts up to max_rows vectors of the active model into its index when more than tolerated wait and the collection is large enough to want one; says how many. Definer: the worker sees only what has a job, and these have none.';

--
-- Name: is_staff(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_staff() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select coalesce(auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb, false)
$$;

--
-- Name: FUNCTION is_staff(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_staff() IS 'Whether the caller carries app_metadata.staff = true, which only an administrator can set (user_metadata is the user''s own).';

--
-- Name: keep_an_owner(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  -- Only people are held to it: deleting an account or an organization cascades as the table's owner.
  if current_user = 'authenticated' and not private.has_other_owner(old.organization_id, old.user_id) then
    raise exception 'an organization keeps at least one owner'
      using errcode = 'check_violation', hint = 'Make somebody else an owner first, or delete the organization.';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;

--
-- Name: FUNCTION keep_an_owner(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_an_owner() IS 'Row trigger on memberships: refuses to lose the last owner.';

--
-- Name: keep_key(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_key() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception 'the key of % cannot be changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;

--
-- Name: FUNCTION keep_key(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_key() IS 'Row trigger: refuses another key. The right to update key columns is granted all the same, since PostgREST writes them in an upsert, as they were.';

--
-- Name: keyword_matches(private.query_term[], text[], uuid[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO ''
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
begin
  return query
    select b.source_id, b.id, b.weight
    from (
      select distinct on (c.source_id) c.source_id, c.id, sum(t.weight) as weight
      from unnest(terms) t
      join public.chunks c on c.search_vector @@ t.match and c.stemmer = t.stemmer
      where (c.scope_id = any (scopes) or c.source_id = any (shares))
        and (sources is null or c.source_id in (select unnest(sources)))
      group by c.source_id, c.id
      order by c.source_id, weight desc, c.id) b
    order by b.weight desc, b.source_id
    limit match_count;
end $$;

--
-- Name: FUNCTION keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) IS 'Sources that have any of the words, the passage with the most telling ones each. Definer: as query_terms; search reads what this names under the policies again.';

--
-- Name: leave_index(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leave_index() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.is_indexed := false;
  return new;
end $$;

--
-- Name: FUNCTION leave_index(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leave_index() IS 'Row trigger: a vector whose audience changes waits to be indexed again, so that the change itself does not.';

--
-- Name: may_read_file(text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.may_read_file(name text, created_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  -- A file older than its document was of another one that had this id and is gone.
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_read_file.name) and d.created_at <= may_read_file.created_at);
end $$;

--
-- Name: FUNCTION may_read_file(name text, created_at timestamp with time zone); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) IS 'Whether a file of this name and age belongs to a document that the caller reads: the policies of documents decide.';

--
-- Name: may_write_file(text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.may_write_file(name text, created_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return exists (
    select from public.documents d
    where d.id = private.document_of_file(may_write_file.name) and d.created_at <= may_write_file.created_at
      and ((d.owner_id = auth.uid() and (d.organization_id is null or d.visibility = 'private'))
           or (d.visibility <> 'private' and d.organization_id in (select private.my_organizations('editor')))));
end $$;

--
-- Name: FUNCTION may_write_file(name text, created_at timestamp with time zone); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) IS 'Whether a file of this name and age belongs to a document that the caller may change, as the policy for updates of documents has it.';

--
-- Name: my_organizations(public.membership_role); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_organizations(minimum public.membership_role DEFAULT 'viewer'::public.membership_role) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO ''
    AS $$
begin
  return query
    select m.organization_id from public.memberships m
    where m.user_id = auth.uid() and m.role >= minimum;
end $$;

--
-- Name: FUNCTION my_organizations(minimum public.membership_role); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_organizations(minimum public.membership_role) IS 'Organizations in which the caller has at least this role. Definer: policies of memberships themselves ask it, which would recurse.';

--
-- Name: my_scopes(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_scopes() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO ''
    AS $$
declare
  caller constant uuid := auth.uid();
begin
  return next '00000000-0000-0000-0000-000000000000'::uuid;
  return next '00000000-0000-0000-0000-000000000001'::uuid;
  if caller is not null then
    return next caller;
    return query select m.organization_id from public.memberships m where m.user_id = caller;
    if private.is_staff() then
      return next '00000000-0000-0000-0000-000000000002'::uuid;
    end if;
  end if;
end $$;

--
-- Name: FUNCTION my_scopes(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_scopes() IS 'Audiences the caller belongs to: everyone (…0), the shop window (…1), the caller, each organization, and for staff the products that are not on sale (…2). Definer: reads memberships on behalf of policies.';

--
-- Name: my_shared_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_shared_documents() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO ''
    AS $$
begin
  return query select s.document_id from public.document_shares s where s.user_id = auth.uid();
end $$;

--
-- Name: FUNCTION my_shared_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_shared_documents() IS 'Documents somebody shared with the caller. Definer: the policies of documents and of shares would ask each other for ever.';

--
-- Name: nearest_of_index(extensions.halfvec, smallint, integer, uuid[], uuid[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO ''
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET "hnsw.iterative_scan" TO 'relaxed_order'
    SET "hnsw.ef_search" TO '200'
    SET "hnsw.max_scan_tuples" TO '40000'
    AS $_$
begin
  -- The model's number and dimensions stand in the text because its partial index wants them as constants; both are
  -- integers of the registry.
  return query execute pg_catalog.format($query$
    with indexed as materialized (
      select e.source_id, e.chunk_id,
             e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %1$s and e.is_indexed and (e.scope_id = any ($2) or e.source_id = any ($3))
      order by e.embedding::extensions.halfvec(%2$s) operator(extensions.<=>) $1
      limit $4
    ), waiting as materialized (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) $1 as distance
      from public.chunk_embeddings e
      where e.model_id = %1$s and not e.is_indexed and (e.scope_id = any ($2) or e.source_id = any ($3))
      order by (e.embedding operator(extensions.<=>) $1) + 0
      limit $4
    ), candidates as (
      select * from indexed union all select * from waiting)
    select c.source_id, c.chunk_id, 1 - c.distance from candidates c order by c.distance + 0 limit $4
    $query$, model, dimensions)
    using query_embedding, scopes, shares, row_limit;
end $_$;

--
-- Name: FUNCTION nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) IS 'Approximate: walks the model''s HNSW index until enough visible passages are found or 40,000 were looked at, and compares those that the index does not hold yet.';

--
-- Name: nearest_of_scopes(extensions.halfvec, smallint, uuid[], uuid[], integer, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  if once then
    return query
      select b.source_id, b.chunk_id, 1 - b.distance
      from (
        select distinct on (e.source_id)
               e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model and (e.scope_id = any (scopes) or e.source_id = any (shares))
        order by e.source_id, distance) b
      order by b.distance
      limit row_limit;
    return;
  end if;
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from public.chunk_embeddings e
    where e.model_id = model and (e.scope_id = any (scopes) or e.source_id = any (shares))
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;

--
-- Name: FUNCTION nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) IS 'Exact: every passage that the caller may see is compared; once: only the best of each source is returned. The explicit scopes let the index be used; the policies decide.';

--
-- Name: nearest_of_sources(extensions.halfvec, smallint, uuid[], integer, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO ''
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  if once then
    return query
      select b.source_id, b.chunk_id, 1 - b.distance
      from (
        select distinct on (e.source_id)
               e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        order by e.source_id, distance) b
      order by b.distance
      limit row_limit;
    return;
  end if;
  return query
    select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding)
    from unnest(sources) s (id)
    join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
    order by (e.embedding operator(extensions.<=>) query_embedding) + 0
    limit row_limit;
end $$;

--
-- Name: FUNCTION nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) IS 'Exact: every passage of the given sources is compared; once: only the best of each source is returned. For filtered searches.';

--
-- Name: note_changed_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_changed_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  changed uuid[] := array(
    select n.id from new_rows n join old_rows o using (id)
    where (n.title, n.content, n.language) is distinct from (o.title, o.content, o.language));
begin
  if changed = '{}' then
    return null;
  end if;
  -- What was taken out of a text must not be found or shown any more, however late its embeddings come: passages that
  -- no longer stand in it go now, the others stay searchable. replace() finds as strpos() does, without counting the
  -- characters before: of two megabytes and 1,990 passages an edit takes 1.5 s instead of 5.8 s.
  with texts as materialized (
    select n.id, n.content, octet_length(n.content) as bytes
    from new_rows n join old_rows o using (id) where n.content <> o.content
  ), headings as materialized (
    select distinct c.document_id as id, h.heading
    from texts t join public.chunks c on c.document_id = t.id cross join lateral unnest(c.heading_path) h (heading)
  ), gone as materialized (
    select h.id, h.heading from headings h join texts t using (id)
    where octet_length(replace(t.content, h.heading, '')) = t.bytes
  )
  delete from public.chunks c using texts t
  where c.document_id = t.id
    and (c.content <> '' and octet_length(replace(t.content, c.content, '')) = t.bytes
         or exists (select from gone g where g.id = t.id and g.heading = any (c.heading_path)));
  update public.chunks c set title = n.title from new_rows n
  where n.id = any (changed) and c.document_id = n.id and c.title <> n.title;
  perform private.enqueue_embeddings(changed, '{}');
  return null;
end $$;

--
-- Name: FUNCTION note_changed_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_changed_documents() IS 'Statement trigger: retracts passages that no longer stand in the text, and notes the document. Definer: passages and queue are not the writer''s.';

--
-- Name: note_changed_products(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_changed_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  changed uuid[] := array(
    select n.id from new_rows n join old_rows o using (id)
    where (n.name, n.description, n.language) is distinct from (o.name, o.description, o.language));
begin
  if changed = '{}' then
    return null;
  end if;
  delete from public.chunks c using new_rows n
  where n.id = any (changed) and c.product_id = n.id and strpos(n.description, c.content) = 0;
  update public.chunks c set title = n.name from new_rows n
  where n.id = any (changed) and c.product_id = n.id and c.title <> n.name;
  perform private.enqueue_embeddings('{}', changed);
  return null;
end $$;

--
-- Name: FUNCTION note_changed_products(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_changed_products() IS 'Statement trigger: as note_changed_documents, for products. Definer: likewise.';

--
-- Name: note_document_change(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_document_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if (new.title, new.content, new.language) is distinct from (old.title, old.content, old.language) then
    new.updated_at := now();
    new.status := 'pending';
    new.error := null;
  elsif (new.owner_id, new.organization_id, new.visibility, new.source_uri, new.metadata)
      is distinct from (old.owner_id, old.organization_id, old.visibility, old.source_uri, old.metadata) then
    new.updated_at := now();
  end if;
  return new;
end $$;

--
-- Name: FUNCTION note_document_change(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_document_change() IS 'Row trigger: keeps updated_at, and a changed text waits to be embedded again. What the worker notes is no change.';

--
-- Name: note_new_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_new_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.enqueue_embeddings(array(select n.id from new_rows n), '{}');
  return null;
end $$;

--
-- Name: FUNCTION note_new_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_new_documents() IS 'Statement trigger: new documents are to be embedded. Definer: see enqueue_embeddings.';

--
-- Name: note_new_products(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_new_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform private.enqueue_embeddings('{}', array(select n.id from new_rows n));
  return null;
end $$;

--
-- Name: FUNCTION note_new_products(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_new_products() IS 'Statement trigger: new products are to be embedded. Definer: see enqueue_embeddings.';

--
-- Name: query_terms(text, text[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) RETURNS private.query_term[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  total double precision;
  average_length double precision;
begin
  select count(*), avg(v.token_count) into total, average_length from (
    select c.token_count from public.chunks c
    where c.scope_id = any (scopes) or c.source_id = any (shares)
    limit private.exact_search_limit()) v;
  if total = private.exact_search_limit() then
    select greatest(total, k.reltuples) into total from pg_catalog.pg_class k where k.oid = 'public.chunks'::regclass;
  end if;
  -- Frequencies are those of what the caller may see: a score tells nothing of anybody else's texts.
  return (
    with counted as (
      select w.stemmer, w.word, w.match, f.frequency
      from private.query_words(query) w
      cross join lateral (
        select count(*) as frequency from public.chunks c
        where c.search_vector @@ w.match and c.stemmer = w.stemmer
          and (c.scope_id = any (scopes) or c.source_id = any (shares))
          and (sources is null or c.source_id in (select unnest(sources)))) f
    ), informed as (
      select c.*, ln(1 + greatest(total - c.frequency + 0.5, 0.5) / (c.frequency + 0.5)) as idf from counted c)
    select coalesce(array_agg((
      i.stemmer, i.word, i.match, i.idf / s.sum, greatest(average_length, 1))::private.query_term), '{}')
    from informed i
    join (select j.stemmer, sum(j.idf) from informed j group by j.stemmer) s using (stemmer));
end $$;

--
-- Name: FUNCTION query_terms(query text, kinds text[], sources uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) IS 'The query''s stems weighed by how rare they are among the passages the caller may search. Definer: under a policy the word index cannot be used (@@ is not leakproof); it counts in the caller''s own audiences only.';

--
-- Name: query_words(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.query_words(query text) RETURNS TABLE(stemmer text, word text, match tsquery)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO ''
    AS $$
begin
  -- Walks the index from one stemmer to the next. Of a query that is a text, the first 64 words count: each costs a walk
  -- of the word index.
  return query
    with recursive stemmers (name) as (
      (select c.stemmer from public.chunks c order by c.stemmer limit 1)
      union all
      select (select c.stemmer from public.chunks c where c.stemmer > s.name order by c.stemmer limit 1)
      from stemmers s where s.name is not null)
    select s.name, w.word, ('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''')::tsquery
    from stemmers s
    cross join lateral (
      select v.lexeme from unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, query)) v
      order by v.positions[1], v.lexeme limit 64) w (word)
    where s.name is not null;
end $$;

--
-- Name: FUNCTION query_words(query text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.query_words(query text) IS 'Stems of a query, without stop words, by every stemmer that some passage has: the query''s own language is not known. Definer: which there are must not depend on the caller, nor cost a scan of what is visible.';

--
-- Name: register_embedding_model(text, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.register_embedding_model(name text, dimensions integer) RETURNS smallint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $_$
declare
  model smallint;
begin
  insert into private.embedding_models (name, dimensions)
  values (register_embedding_model.name, register_embedding_model.dimensions)
  returning id into model;
  -- One partial index a model: an index over two models would mix vectors that cannot be compared.
  execute pg_catalog.format(
    'create index chunk_embeddings_model_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 16, ef_construction = 200) where model_id = %1$s and is_indexed',
    model, register_embedding_model.dimensions);
  return model;
end $_$;

--
-- Name: FUNCTION register_embedding_model(name text, dimensions integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.register_embedding_model(name text, dimensions integer) IS 'Adds a model and its index; run by the owner of the tables. Search goes on with the active one.';

--
-- Name: remove_personal_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_personal_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  delete from public.documents d
  where d.owner_id = old.id and (d.organization_id is null or d.visibility = 'private');
  return old;
end $$;

--
-- Name: FUNCTION remove_personal_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_personal_documents() IS 'Row trigger on auth.users: a person''s own documents go with the account, the organization''s stay without an owner. Definer: the Auth service that deletes accounts has no rights on public.';

--
-- Name: replay_document(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replay_document(document_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.documents d set status = 'pending', error = null where d.id = replay_document.document_id;
  perform private.enqueue_embeddings(array[replay_document.document_id], '{}');
end $$;

--
-- Name: FUNCTION replay_document(document_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.replay_document(document_id uuid) IS 'Marks a document pending and notes it. Definer: status is not the client''s to write. Asked only by retry_document, which checks.';

--
-- Name: replay_parked_jobs(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replay_parked_jobs() RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  replayed bigint;
begin
  -- Documents before jobs, as everybody locks them.
  update public.documents d set status = 'pending', error = null
  where d.id in (select j.document_id from private.embedding_jobs j where j.parked_at is not null);
  update private.embedding_jobs j
  set parked_at = null, attempts = 0, available_at = now(), last_error = null
  where j.parked_at is not null;
  get diagnostics replayed = row_count;
  perform pg_catalog.pg_notify('embedding_jobs', '');
  return replayed;
end $$;

--
-- Name: FUNCTION replay_parked_jobs(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.replay_parked_jobs() IS 'Replays everything that was given up and says how much. For operators: the worker''s command line.';

--
-- Name: return_drafts(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_drafts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.documents d set organization_id = null
  where d.owner_id = old.user_id and d.organization_id = old.organization_id and d.visibility = 'private';
  return null;
end $$;

--
-- Name: FUNCTION return_drafts(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.return_drafts() IS 'Row trigger on memberships: private documents of somebody who may write in the organization no longer become personal, since filing wants the role of an editor. Definer: whoever takes the role away cannot see them.';

--
-- Name: return_private_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_private_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update public.documents d set organization_id = null
  where d.organization_id = old.id and d.visibility = 'private';
  return old;
end $$;

--
-- Name: FUNCTION return_private_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.return_private_documents() IS 'Row trigger on organizations: private documents outlive the organization they were filed in. Definer: the owner of an organization cannot even see them.';

--
-- Name: search_as(text, text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) RETURNS TABLE(kind text, id uuid, document_id uuid, title text, snippet text, heading_path text[], score double precision, metadata jsonb, complete boolean)
    LANGUAGE plpgsql ROWS 10
    SET search_path TO ''
    AS $$
begin
  perform private.become(claims);
  return query select * from public.search(
    search_as.query, query_embedding, search_as.mode, kinds, max_results,
    search_as.organization_id, search_as.category, price_min, price_max, in_stock);
end $$;

--
-- Name: FUNCTION search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) IS 'public.search as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the transaction ends.';

--
-- Name: search_scopes(text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_scopes(kinds text[]) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select coalesce(array_agg(s.id), '{}')
  from private.my_scopes() s (id)
  where case when s.id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
             then 'products' else 'documents' end = any (kinds)
$$;

--
-- Name: FUNCTION search_scopes(kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_scopes(kinds text[]) IS 'The caller''s audiences that hold these kinds.';

--
-- Name: search_shares(text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_shares(kinds text[]) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO ''
    AS $$
  select case when 'documents' = any (kinds) and auth.uid() is not null
              then array(select private.my_shared_documents()) else '{}' end
$$;

--
-- Name: FUNCTION search_shares(kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_shares(kinds text[]) IS 'Documents shared with the caller, where documents are searched.';

--
-- Name: search_vector(text, text, text[], text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_vector(language text, title text, heading_path text[], content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select setweight(to_tsvector(s.config, title), 'A')
      || setweight(to_tsvector(s.config, array_to_string(heading_path, ' ')), 'B')
      || to_tsvector(s.config, content)
  from (select ('pg_catalog.' || private.stemmer(language))::regconfig as config) s
$$;

--
-- Name: FUNCTION search_vector(language text, title text, heading_path text[], content text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_vector(language text, title text, heading_path text[], content text) IS 'Words of a passage: title (A), headings (B), text (D).';

--
-- Name: semantic_matches(extensions.halfvec, text[], uuid[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO ''
    AS $$
declare
  model record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  row_limit constant integer := 8 * match_count;
  visible integer;
  found private.chunk_match[];
  best private.chunk_match[];
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is null then
    select count(*) into visible from (
      select from public.chunk_embeddings e
      where e.model_id = model.id and (e.scope_id = any (scopes) or e.source_id = any (shares))
      limit private.exact_search_limit() + 1) v;
    if visible > private.exact_search_limit() then
      found := array(select m from private.nearest_of_index(
        query_embedding, model.id, model.dimensions, scopes, shares, row_limit) m);
      best := private.best_of_sources(found);
      if cardinality(best) >= match_count then
        return query select * from unnest(best);
        return;
      end if;
    end if;
  end if;
  found := case when sources is null
    then array(select m from private.nearest_of_scopes(query_embedding, model.id, scopes, shares, row_limit, false) m)
    else array(select m from private.nearest_of_sources(query_embedding, model.id, sources, row_limit, false) m) end;
  best := private.best_of_sources(found);
  if cardinality(best) >= match_count or cardinality(found) < row_limit then
    return query select * from unnest(best);
  -- A long document has filled the rows with passages of its own.
  elsif sources is null then
    return query select * from private.nearest_of_scopes(query_embedding, model.id, scopes, shares, match_count, true);
  else
    return query select * from private.nearest_of_sources(query_embedding, model.id, sources, match_count, true);
  end if;
end $$;

--
-- Name: FUNCTION semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) IS 'The nearest sources, best passage each, at least match_count of them when that many are visible: exact for callers who see few passages and for filtered searches, the index for the others, exact again when the index comes up short.';

--
-- Name: snippet(text, text, tsquery); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.snippet(content text, stemmer text, any_word tsquery) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
  -- Without what is Markdown rather than text: headings (heading_path has them), table rules, emphasis, list marks.
  plain constant text := trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    content, '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'), '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn'),
    '\s+', ' ', 'g'));
  fragment constant text := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    'StartSel="", StopSel="", MaxWords=60, MinWords=30'));
begin
  if fragment = '' then
    return left(regexp_replace(trim(content), '\s+', ' ', 'g'), 300);
  end if;
  return case when starts_with(plain, fragment) then '' else '… ' end
    || fragment
    || case when right(plain, length(fragment)) = fragment then '' else ' …' end;
end $_$;

--
-- Name: FUNCTION snippet(content text, stemmer text, any_word tsquery); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) IS 'Some fifty words of a passage around the query''s words, or its beginning; an ellipsis where it was cut.';

--
-- Name: stemmer(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.stemmer(language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO ''
    AS $$
  select case language
    when 'ar' then 'arabic' when 'ca' then 'catalan' when 'da' then 'danish' when 'de' then 'german'
    when 'el' then 'greek' when 'en' then 'english' when 'es' then 'spanish' when 'eu' then 'basque'
    when 'fi' then 'finnish' when 'fr' then 'french' when 'ga' then 'irish' when 'hi' then 'hindi'
    when 'hu' then 'hungarian' when 'hy' then 'armenian' when 'id' then 'indonesian' when 'it' then 'italian'
    when 'lt' then 'lithuanian' when 'ne' then 'nepali' when 'nl' then 'dutch' when 'no' then 'norwegian'
    when 'pt' then 'portuguese' when 'ro' then 'romanian' when 'ru' then 'russian' when 'sr' then 'serbian'
    when 'sv' then 'swedish' when 'ta' then 'tamil' when 'tr' then 'turkish' when 'yi' then 'yiddish'
    else 'simple' end
$$;

--
-- Name: FUNCTION stemmer(language text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.stemmer(language text) IS 'Name of the text search configuration of an ISO 639 code; simple where there is none.';

--
-- Name: touch_updated_at(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  return new;
end $$;

--
-- Name: FUNCTION touch_updated_at(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.touch_updated_at() IS 'Row trigger: keeps updated_at.';

--
-- Name: retry_document(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.retry_document(document_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  -- The update policy decides who may: whoever may change the document may have it embedded again.
  update public.documents d set metadata = d.metadata where d.id = retry_document.document_id;
  if not found then
    raise exception 'no document % that you may change', retry_document.document_id
      using errcode = 'PT404', hint = 'Check the id, and that you own it or edit for its organization.';
  end if;
  perform private.replay_document(retry_document.document_id);
end $$;

--
-- Name: FUNCTION retry_document(document_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.retry_document(document_id uuid) IS 'Embeds a document again, a failed one in particular. For whoever may change it.';

--
-- Name: search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.search(query text, query_embedding extensions.halfvec DEFAULT NULL::extensions.halfvec, mode text DEFAULT 'hybrid'::text, kinds text[] DEFAULT '{documents,products}'::text[], max_results integer DEFAULT 10, organization_id uuid DEFAULT NULL::uuid, category text DEFAULT NULL::text, price_min numeric DEFAULT NULL::numeric, price_max numeric DEFAULT NULL::numeric, in_stock boolean DEFAULT NULL::boolean) RETURNS TABLE(kind text, id uuid, document_id uuid, title text, snippet text, heading_path text[], score double precision, metadata jsonb, complete boolean)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path TO ''
    AS $$
#variable_conflict use_column
declare
  of_documents constant boolean := search.organization_id is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model constant smallint := (private.active_embedding_model()).id;
  candidate_count constant integer := greatest(100, 4 * max_results);
  sources uuid[];
  terms private.query_term[] := '{}';
begin
  if mode not in ('semantic', 'keyword', 'hybrid') or mode is null then
    raise exception 'mode % is none of semantic, keyword, hybrid', mode using errcode = 'invalid_parameter_value';
  end if;
  if not kinds <@ array['documents', 'products'] or cardinality(kinds) = 0 or kinds is null then
    raise exception 'kinds % must name documents, products or both', kinds using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 100 or max_results is null then
    raise exception 'max_results % is not between 1 and 100', max_results using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and query_embedding is null then
    raise exception 'mode % wants query_embedding', mode using errcode = 'invalid_parameter_value';
  end if;
  if query is null or char_length(query) > 10000 then
    raise exception 'query must have at most 10,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  -- Every result passes every filter: a kind that lacks the property is left out.
  kinds := array(
    select k from unnest(kinds) k
    where not (k = 'documents' and of_products) and not (k = 'products' and of_documents));
  if of_documents or of_products then
    sources := array(select private.filtered_sources(
      kinds, search.organization_id, search.category, price_min, price_max, in_stock));
  end if;
  if mode <> 'semantic' then
    terms := private.query_terms(query, kinds, sources);
  end if;

  return query
  with candidates as materialized (
    select m.chunk_id from private.semantic_matches(query_embedding, kinds, sources, candidate_count) m
    where mode <> 'keyword'
    union
    select m.chunk_id from private.keyword_matches(terms, kinds, sources, candidate_count) m
  ), scored as (
    select c.id, c.source_id, c.document_id, c.product_id, c.heading_path, c.content, c.stemmer,
           case mode
             when 'semantic' then f.cosine
             when 'keyword' then f.bm25
             -- A weighted sum keeps how sure each leg is, as ranks do not.
             else 0.6 * f.cosine + 0.4 * f.bm25
           end as score
    from candidates x
    join public.chunks c on c.id = x.chunk_id
    left join public.chunk_embeddings e on e.chunk_id = c.id and e.model_id = model and mode <> 'keyword'
    cross join lateral (
      select coalesce(1 - (e.embedding operator(extensions.<=>) query_embedding), 0) as cosine,
             -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1.
             (select coalesce(sum(t.weight * o.times / (o.times + 1.2 * (0.25 + 0.75 * c.token_count / t.average_length))), 0)
              from unnest(c.search_vector) v
              join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
              cross join lateral (select cardinality(v.positions)::double precision as times) o) as bm25) f
  ), best as (
    select distinct on (s.source_id) s.* from scored s order by s.source_id, s.score desc, s.id
  ), top as (
    select b.* from best b order by b.score desc, b.source_id limit max_results
  )
  select case when t.document_id is not null then 'document' else 'product' end,
         t.source_id,
         t.document_id,
         coalesce(d.title, p.name),
         private.snippet(t.content, t.stemmer, w.any_word),
         t.heading_path,
         t.score,
         coalesce(d.metadata, p.metadata || jsonb_build_object(
           'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)),
         true
  from top t
  left join public.documents d on d.id = t.document_id
  left join public.products p on p.id = t.product_id
  left join public.categories k on k.id = p.category_id
  left join (select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
             from private.query_words(query) q group by q.stemmer) w on w.stemmer = t.stemmer
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;

--
-- Name: FUNCTION search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) IS 'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the policies decide every row. complete: the list holds max_results rows or every match among what is embedded.';

--
-- Name: embedding_job_revisions; Type: SEQUENCE; Schema: private; Owner: -
--

CREATE SEQUENCE private.embedding_job_revisions
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: embedding_jobs; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.embedding_jobs (
    source_id uuid GENERATED ALWAYS AS (COALESCE(document_id, product_id)) STORED NOT NULL,
    document_id uuid,
    product_id uuid,
    revision bigint DEFAULT nextval('private.embedding_job_revisions'::regclass) NOT NULL,
    turn timestamp with time zone DEFAULT now() NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    available_at timestamp with time zone DEFAULT now() NOT NULL,
    parked_at timestamp with time zone,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT embedding_jobs_one_source_check CHECK ((num_nonnulls(document_id, product_id) = 1))
);

ALTER TABLE ONLY private.embedding_jobs FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE embedding_jobs; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.embedding_jobs IS 'Sources whose passages are out of date, one row each.';

--
-- Name: COLUMN embedding_jobs.source_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.source_id IS 'Derived: the document or the product.';

--
-- Name: COLUMN embedding_jobs.document_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.document_id IS 'The document, or null.';

--
-- Name: COLUMN embedding_jobs.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.product_id IS 'The product, or null.';

--
-- Name: COLUMN embedding_jobs.revision; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.revision IS 'New with every change of the text, never used twice: the worker finishes a job only at the revision it took.';

--
-- Name: COLUMN embedding_jobs.turn; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.turn IS 'Order of work: when it was noted, plus the time that those noted before it in the same statement take. Whoever writes one text does not wait for somebody else''s thousands.';

--
-- Name: COLUMN embedding_jobs.attempts; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.attempts IS 'Times taken since the last change; counted when taken, so a text that kills the worker counts too.';

--
-- Name: COLUMN embedding_jobs.available_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.available_at IS 'When it may be taken; in the future while somebody works on it or backs off.';

--
-- Name: COLUMN embedding_jobs.parked_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.parked_at IS 'When it was given up, to be looked at and replayed.';

--
-- Name: COLUMN embedding_jobs.last_error; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.last_error IS 'Why the last attempt failed.';

--
-- Name: COLUMN embedding_jobs.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.created_at IS 'When the source was first noted.';

--
-- Name: embedding_models; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.embedding_models (
    id smallint NOT NULL,
    name text NOT NULL,
    dimensions integer NOT NULL,
    is_active boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT embedding_models_dimensions_check CHECK (((dimensions >= 1) AND (dimensions <= 4000))),
    CONSTRAINT embedding_models_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);

ALTER TABLE ONLY private.embedding_models FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE embedding_models; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.embedding_models IS 'Models that made vectors. Two models never share an index or a result.';

--
-- Name: COLUMN embedding_models.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_models.id IS 'Stands beside every vector.';

--
-- Name: COLUMN embedding_models.name; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_models.name IS 'As the embedder calls itself.';

--
-- Name: COLUMN embedding_models.dimensions; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_models.dimensions IS 'Length of its vectors; halfvec is indexed up to 4,000.';

--
-- Name: COLUMN embedding_models.is_active; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_models.is_active IS 'The one that search uses; at most one.';

--
-- Name: COLUMN embedding_models.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_models.created_at IS 'When it was registered.';

--
-- Name: embedding_models_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.embedding_models ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME private.embedding_models_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: categories; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.categories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT categories_description_check CHECK ((char_length(description) <= 2000)),
    CONSTRAINT categories_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT categories_slug_check CHECK (((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (char_length(slug) <= 63)))
);

ALTER TABLE ONLY public.categories FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE categories; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.categories IS 'Shelves of the catalogue.';

--
-- Name: COLUMN categories.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.id IS 'The category.';

--
-- Name: COLUMN categories.slug; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.slug IS 'Short name in addresses and filters.';

--
-- Name: COLUMN categories.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.name IS 'Name shown to people.';

--
-- Name: COLUMN categories.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.description IS 'One or two sentences.';

--
-- Name: COLUMN categories.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.created_at IS 'When it was made.';

--
-- Name: COLUMN categories.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.categories.updated_at IS 'Last change.';

--
-- Name: chunk_embeddings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.chunk_embeddings (
    chunk_id bigint NOT NULL,
    model_id smallint NOT NULL,
    source_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    embedding extensions.halfvec NOT NULL,
    dimensions integer GENERATED ALWAYS AS (extensions.vector_dims(embedding)) STORED NOT NULL,
    is_indexed boolean DEFAULT false NOT NULL,
    CONSTRAINT chunk_embeddings_embedding_check CHECK ((extensions.l2_norm(embedding) > (0)::double precision))
);
ALTER TABLE ONLY public.chunk_embeddings ALTER COLUMN scope_id SET STATISTICS 1;
ALTER TABLE ONLY public.chunk_embeddings ALTER COLUMN scope_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.chunk_embeddings ALTER COLUMN embedding SET STORAGE PLAIN;

ALTER TABLE ONLY public.chunk_embeddings FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE chunk_embeddings; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.chunk_embeddings IS 'Vectors, narrow on purpose: one per passage and model.';

--
-- Name: COLUMN chunk_embeddings.chunk_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.chunk_id IS 'The passage.';

--
-- Name: COLUMN chunk_embeddings.model_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.model_id IS 'The model that made the vector.';

--
-- Name: COLUMN chunk_embeddings.source_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.source_id IS 'Document or product, as in chunks.';

--
-- Name: COLUMN chunk_embeddings.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.scope_id IS 'Audience, as in chunks.';

--
-- Name: COLUMN chunk_embeddings.embedding; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.embedding IS 'Unit length.';

--
-- Name: COLUMN chunk_embeddings.dimensions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.dimensions IS 'Derived: its length, which the foreign key holds to the model''s.';

--
-- Name: COLUMN chunk_embeddings.is_indexed; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.is_indexed IS 'Whether the model''s HNSW index holds it. Search compares the others one by one, so that writing need not wait for an index that a small collection never uses; the worker indexes when it has nothing more urgent to do.';

--
-- Name: chunks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.chunks (
    id bigint NOT NULL,
    document_id uuid,
    product_id uuid,
    source_id uuid GENERATED ALWAYS AS (COALESCE(document_id, product_id)) STORED NOT NULL,
    scope_id uuid NOT NULL,
    "position" integer NOT NULL,
    title text NOT NULL,
    heading_path text[] DEFAULT '{}'::text[] NOT NULL,
    content text NOT NULL,
    start_offset integer NOT NULL,
    end_offset integer NOT NULL,
    token_count integer NOT NULL,
    language text NOT NULL,
    input_hash bytea NOT NULL,
    stemmer text GENERATED ALWAYS AS (private.stemmer(language)) STORED NOT NULL,
    search_vector tsvector GENERATED ALWAYS AS (private.search_vector(language, title, heading_path, content)) STORED NOT NULL,
    CONSTRAINT chunks_check CHECK ((end_offset >= start_offset)),
    CONSTRAINT chunks_one_source_check CHECK ((num_nonnulls(document_id, product_id) = 1)),
    CONSTRAINT chunks_position_check CHECK (("position" >= 0)),
    CONSTRAINT chunks_start_offset_check CHECK ((start_offset >= 0)),
    CONSTRAINT chunks_token_count_check CHECK ((token_count >= 0))
);
ALTER TABLE ONLY public.chunks ALTER COLUMN scope_id SET STATISTICS 1;
ALTER TABLE ONLY public.chunks ALTER COLUMN scope_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.chunks ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN heading_path SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN start_offset SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN end_offset SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN language SET STATISTICS 0;
ALTER TABLE ONLY public.chunks ALTER COLUMN input_hash SET STATISTICS 0;

ALTER TABLE ONLY public.chunks FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE chunks; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.chunks IS 'Passages of documents and products. Only the worker writes them; the audience follows the source by foreign key.';

--
-- Name: COLUMN chunks.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.id IS 'The passage.';

--
-- Name: COLUMN chunks.document_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.document_id IS 'The document it is of, or null.';

--
-- Name: COLUMN chunks.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.product_id IS 'The product it is of, or null.';

--
-- Name: COLUMN chunks.source_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.source_id IS 'Derived: whichever of the two.';

--
-- Name: COLUMN chunks.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.scope_id IS 'Audience of the source, carried along by the foreign keys'' cascade.';

--
-- Name: COLUMN chunks."position"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks."position" IS 'Order within the source, from 0.';

--
-- Name: COLUMN chunks.title; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.title IS 'Title of the source, so that its words count.';

--
-- Name: COLUMN chunks.heading_path; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.heading_path IS 'Headings above the passage, outermost first.';

--
-- Name: COLUMN chunks.content; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.content IS 'The passage: characters start_offset to end_offset of the source''s text.';

--
-- Name: COLUMN chunks.start_offset; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.start_offset IS 'First character in the source''s text, from 0.';

--
-- Name: COLUMN chunks.end_offset; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.end_offset IS 'One past the last character.';

--
-- Name: COLUMN chunks.token_count; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.token_count IS 'Tokens of what was embedded, by the model''s own tokenizer.';

--
-- Name: COLUMN chunks.language; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.language IS 'Language of the source when it was cut.';

--
-- Name: COLUMN chunks.input_hash; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.input_hash IS 'SHA-256 of what was embedded: an unchanged passage keeps its vectors.';

--
-- Name: COLUMN chunks.stemmer; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.stemmer IS 'Derived: how its words are stemmed. Few, whatever languages people name.';

--
-- Name: COLUMN chunks.search_vector; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunks.search_vector IS 'Derived: stemmed words.';

--
-- Name: chunks_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.chunks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.chunks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: document_shares; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.document_shares (
    document_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.document_shares ALTER COLUMN user_id SET STATISTICS 1;
ALTER TABLE ONLY public.document_shares ALTER COLUMN user_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.document_shares ALTER COLUMN created_at SET STATISTICS 0;

ALTER TABLE ONLY public.document_shares FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE document_shares; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.document_shares IS 'One more person who reads one document.';

--
-- Name: COLUMN document_shares.document_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.document_shares.document_id IS 'The document.';

--
-- Name: COLUMN document_shares.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.document_shares.user_id IS 'The person let in.';

--
-- Name: COLUMN document_shares.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.document_shares.created_at IS 'When.';

--
-- Name: documents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.documents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    owner_id uuid DEFAULT auth.uid(),
    organization_id uuid,
    visibility public.document_visibility DEFAULT 'private'::public.document_visibility NOT NULL,
    title text NOT NULL,
    content text DEFAULT ''::text NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    source_uri text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.document_status DEFAULT 'pending'::public.document_status NOT NULL,
    error text,
    scope_id uuid GENERATED ALWAYS AS (
CASE visibility
    WHEN 'public'::public.document_visibility THEN '00000000-0000-0000-0000-000000000000'::uuid
    WHEN 'organization'::public.document_visibility THEN organization_id
    ELSE owner_id
END) STORED,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documents_content_check CHECK ((char_length(content) <= 2000000)),
    CONSTRAINT documents_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT documents_metadata_check CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 65536))),
    CONSTRAINT documents_organization_check CHECK (((visibility <> 'organization'::public.document_visibility) OR (organization_id IS NOT NULL))),
    CONSTRAINT documents_owner_check CHECK (((owner_id IS NOT NULL) OR ((organization_id IS NOT NULL) AND (visibility <> 'private'::public.document_visibility)))),
    CONSTRAINT documents_source_uri_check CHECK ((char_length(source_uri) <= 2000)),
    CONSTRAINT documents_title_check CHECK (((char_length(title) <= 500) AND (title ~ '\S'::text)))
);
ALTER TABLE ONLY public.documents ALTER COLUMN owner_id SET STATISTICS 1;
ALTER TABLE ONLY public.documents ALTER COLUMN owner_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.documents ALTER COLUMN organization_id SET STATISTICS 1;
ALTER TABLE ONLY public.documents ALTER COLUMN organization_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.documents ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN language SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN source_uri SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN error SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN scope_id SET STATISTICS 1;
ALTER TABLE ONLY public.documents ALTER COLUMN scope_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.documents ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN updated_at SET STATISTICS 0;

ALTER TABLE ONLY public.documents FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE documents; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.documents IS 'Texts that search and answers draw on. A document filed in an organization is the organization''s: its editors write it, and an owner who left the organization reads it no longer. A private one is its owner''s alone wherever it is filed, and stays so when the owner leaves or the organization is deleted. One more person is let in by document_shares, until that person leaves the organization.';

--
-- Name: COLUMN documents.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.id IS 'The document.';

--
-- Name: COLUMN documents.owner_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.owner_id IS 'Who wrote it; null when that account is gone and the organization kept it.';

--
-- Name: COLUMN documents.organization_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.organization_id IS 'Where it is filed; null for a personal one.';

--
-- Name: COLUMN documents.visibility; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.visibility IS 'Who reads it.';

--
-- Name: COLUMN documents.title; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.title IS '1 to 500 characters.';

--
-- Name: COLUMN documents.content; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.content IS 'Markdown or plain text, at most two million characters.';

--
-- Name: COLUMN documents.language; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.language IS 'ISO 639 code of the text, for stemming.';

--
-- Name: COLUMN documents.source_uri; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.source_uri IS 'Where it came from.';

--
-- Name: COLUMN documents.metadata; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.metadata IS 'Anything else; search returns it.';

--
-- Name: COLUMN documents.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.status IS 'Where its embeddings stand. The database and the worker keep it; clients cannot write it.';

--
-- Name: COLUMN documents.error; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.error IS 'Why it failed, in words for its owner.';

--
-- Name: COLUMN documents.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.scope_id IS 'Derived audience: everyone (…0), the organization, or the owner. Generated, so that no client can forge it.';

--
-- Name: COLUMN documents.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.created_at IS 'When it was made.';

--
-- Name: COLUMN documents.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.updated_at IS 'Last change of what people write.';

--
-- Name: memberships; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.memberships (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role public.membership_role DEFAULT 'viewer'::public.membership_role NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.memberships ALTER COLUMN organization_id SET STATISTICS 1;
ALTER TABLE ONLY public.memberships ALTER COLUMN organization_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.memberships ALTER COLUMN user_id SET STATISTICS 1;
ALTER TABLE ONLY public.memberships ALTER COLUMN user_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.memberships ALTER COLUMN created_at SET STATISTICS 0;

ALTER TABLE ONLY public.memberships FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE memberships; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.memberships IS 'Who belongs to which organization, in which role.';

--
-- Name: COLUMN memberships.organization_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.memberships.organization_id IS 'The organization.';

--
-- Name: COLUMN memberships.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.memberships.user_id IS 'The person.';

--
-- Name: COLUMN memberships.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.memberships.role IS 'What the person may do there.';

--
-- Name: COLUMN memberships.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.memberships.created_at IS 'When the person joined.';

--
-- Name: organizations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.organizations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    created_by uuid DEFAULT auth.uid(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT organizations_slug_check CHECK (((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (char_length(slug) <= 63)))
);
ALTER TABLE ONLY public.organizations ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN created_by SET STATISTICS 1;
ALTER TABLE ONLY public.organizations ALTER COLUMN created_by SET (n_distinct=-0.05);
ALTER TABLE ONLY public.organizations ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN updated_at SET STATISTICS 0;

ALTER TABLE ONLY public.organizations FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE organizations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.organizations IS 'Tenants. Clients cannot choose the id: it doubles as the audience of its documents.';

--
-- Name: COLUMN organizations.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.id IS 'The organization, and the audience (scope) of its documents.';

--
-- Name: COLUMN organizations.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.name IS 'Name shown to people.';

--
-- Name: COLUMN organizations.slug; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.slug IS 'Short name in addresses: lower case, digits, hyphens.';

--
-- Name: COLUMN organizations.created_by; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.created_by IS 'Who made it; null once that person left. Lets an insert answer with its row before the membership exists.';

--
-- Name: COLUMN organizations.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.created_at IS 'When it was made.';

--
-- Name: COLUMN organizations.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.updated_at IS 'Last change.';

--
-- Name: products; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.products (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    category_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    price numeric(12,2) NOT NULL,
    currency text DEFAULT 'EUR'::text NOT NULL,
    stock integer DEFAULT 0 NOT NULL,
    is_in_stock boolean GENERATED ALWAYS AS ((stock > 0)) STORED NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    language text DEFAULT 'en'::text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    scope_id uuid GENERATED ALWAYS AS (
CASE
    WHEN is_active THEN '00000000-0000-0000-0000-000000000001'::uuid
    ELSE '00000000-0000-0000-0000-000000000002'::uuid
END) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT products_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT products_description_check CHECK ((char_length(description) <= 20000)),
    CONSTRAINT products_language_check CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT products_metadata_check CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 65536))),
    CONSTRAINT products_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT products_price_check CHECK ((price > (0)::numeric)),
    CONSTRAINT products_sku_check CHECK (((sku ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$'::text) AND (char_length(sku) <= 40))),
    CONSTRAINT products_stock_check CHECK ((stock >= 0))
);
ALTER TABLE ONLY public.products ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY public.products ALTER COLUMN description SET STATISTICS 0;
ALTER TABLE ONLY public.products ALTER COLUMN language SET STATISTICS 0;
ALTER TABLE ONLY public.products ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE ONLY public.products ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.products ALTER COLUMN updated_at SET STATISTICS 0;

ALTER TABLE ONLY public.products FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE products; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.products IS 'What is sold. Everybody reads what is active; staff write.';

--
-- Name: COLUMN products.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.id IS 'The product.';

--
-- Name: COLUMN products.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.category_id IS 'Its shelf.';

--
-- Name: COLUMN products.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.sku IS 'Stock-keeping unit: capitals, digits, hyphens.';

--
-- Name: COLUMN products.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.name IS 'Name, 1 to 200 characters.';

--
-- Name: COLUMN products.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.description IS 'Plain text; searched by meaning and by words.';

--
-- Name: COLUMN products.price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price IS 'Exact decimal, above zero.';

--
-- Name: COLUMN products.currency; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.currency IS 'ISO 4217 code.';

--
-- Name: COLUMN products.stock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.stock IS 'Units on hand, never negative.';

--
-- Name: COLUMN products.is_in_stock; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.is_in_stock IS 'Derived: stock above zero.';

--
-- Name: COLUMN products.is_active; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.is_active IS 'Whether the public sees it.';

--
-- Name: COLUMN products.language; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.language IS 'ISO 639 code of the text, for stemming.';

--
-- Name: COLUMN products.metadata; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.metadata IS 'Anything else: brand, weight, colours.';

--
-- Name: COLUMN products.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.scope_id IS 'Derived audience: the shop window (…1), or staff (…2) when not active.';

--
-- Name: COLUMN products.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.created_at IS 'When it was made.';

--
-- Name: COLUMN products.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.updated_at IS 'Last change.';

--
-- Name: profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.profiles (
    id uuid NOT NULL,
    display_name text,
    phone text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT profiles_display_name_check CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 200))),
    CONSTRAINT profiles_phone_check CHECK ((phone ~ '^\+[1-9][0-9]{6,14}$'::text))
);
ALTER TABLE ONLY public.profiles ALTER COLUMN display_name SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN phone SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN updated_at SET STATISTICS 0;

ALTER TABLE ONLY public.profiles FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE profiles; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.profiles IS 'One row per account, made by a trigger on auth.users.';

--
-- Name: COLUMN profiles.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.id IS 'The account.';

--
-- Name: COLUMN profiles.display_name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.display_name IS 'What others may be shown, 1 to 200 characters.';

--
-- Name: COLUMN profiles.phone; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.phone IS 'E.164, with the leading plus.';

--
-- Name: COLUMN profiles.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.created_at IS 'When the account appeared.';

--
-- Name: COLUMN profiles.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.updated_at IS 'Last change.';

--
-- Name: embedding_jobs embedding_jobs_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_jobs
    ADD CONSTRAINT embedding_jobs_pkey PRIMARY KEY (source_id);

--
-- Name: embedding_models embedding_models_id_dimensions_key; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_models
    ADD CONSTRAINT embedding_models_id_dimensions_key UNIQUE (id, dimensions);

--
-- Name: embedding_models embedding_models_name_key; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_models
    ADD CONSTRAINT embedding_models_name_key UNIQUE (name);

--
-- Name: embedding_models embedding_models_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_models
    ADD CONSTRAINT embedding_models_pkey PRIMARY KEY (id);

--
-- Name: categories categories_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (id);

--
-- Name: categories categories_slug_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT categories_slug_key UNIQUE (slug);

--
-- Name: chunk_embeddings chunk_embeddings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunk_embeddings
    ADD CONSTRAINT chunk_embeddings_pkey PRIMARY KEY (chunk_id, model_id);

--
-- Name: chunks chunks_id_source_id_scope_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_id_source_id_scope_id_key UNIQUE (id, source_id, scope_id);

--
-- Name: chunks chunks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_pkey PRIMARY KEY (id);

--
-- Name: chunks chunks_source_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_source_id_position_key UNIQUE (source_id, "position") DEFERRABLE INITIALLY DEFERRED;

--
-- Name: document_shares document_shares_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_shares
    ADD CONSTRAINT document_shares_pkey PRIMARY KEY (document_id, user_id);

--
-- Name: documents documents_id_scope_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_id_scope_id_key UNIQUE (id, scope_id);

--
-- Name: documents documents_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (id);

--
-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (organization_id, user_id);

--
-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

--
-- Name: organizations organizations_slug_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_slug_key UNIQUE (slug);

--
-- Name: products products_id_scope_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_id_scope_id_key UNIQUE (id, scope_id);

--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);

--
-- Name: products products_sku_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_sku_key UNIQUE (sku);

--
-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);

--
-- Name: embedding_jobs_document_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_document_id_idx ON private.embedding_jobs USING btree (document_id);

--
-- Name: embedding_jobs_product_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_product_id_idx ON private.embedding_jobs USING btree (product_id);

--
-- Name: embedding_jobs_turn_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_turn_idx ON private.embedding_jobs USING btree (turn, revision) WHERE (parked_at IS NULL);

--
-- Name: embedding_models_is_active_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE UNIQUE INDEX embedding_models_is_active_idx ON private.embedding_models USING btree (is_active) WHERE is_active;

--
-- Name: chunk_embeddings_chunk_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_chunk_id_idx ON public.chunk_embeddings USING btree (chunk_id, source_id, scope_id);

--
-- Name: chunk_embeddings_model_1_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_model_1_idx ON public.chunk_embeddings USING hnsw (((embedding)::extensions.halfvec(384)) extensions.halfvec_cosine_ops) WITH (m='16', ef_construction='200') WHERE ((model_id = 1) AND is_indexed);

--
-- Name: chunk_embeddings_model_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_model_id_idx ON public.chunk_embeddings USING btree (model_id, dimensions);

--
-- Name: chunk_embeddings_scope_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_scope_id_idx ON public.chunk_embeddings USING btree (scope_id, model_id);

--
-- Name: chunk_embeddings_source_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_source_id_idx ON public.chunk_embeddings USING btree (source_id);

--
-- Name: chunk_embeddings_waiting_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_waiting_idx ON public.chunk_embeddings USING btree (model_id, scope_id) WHERE (NOT is_indexed);

--
-- Name: chunks_document_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_document_id_idx ON public.chunks USING btree (document_id, scope_id);

--
-- Name: chunks_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_product_id_idx ON public.chunks USING btree (product_id, scope_id);

--
-- Name: chunks_scope_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_scope_id_idx ON public.chunks USING btree (scope_id) INCLUDE (token_count);

--
-- Name: chunks_search_vector_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_search_vector_idx ON public.chunks USING gin (search_vector);

--
-- Name: chunks_stemmer_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunks_stemmer_idx ON public.chunks USING btree (stemmer);

--
-- Name: document_shares_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX document_shares_user_id_idx ON public.document_shares USING btree (user_id, document_id);

--
-- Name: documents_organization_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_organization_id_idx ON public.documents USING btree (organization_id);

--
-- Name: documents_owner_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_owner_id_idx ON public.documents USING btree (owner_id);

--
-- Name: documents_scope_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_scope_id_idx ON public.documents USING btree (scope_id);

--
-- Name: documents_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX documents_status_idx ON public.documents USING btree (status) WHERE (status <> 'ready'::public.document_status);

--
-- Name: memberships_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX memberships_user_id_idx ON public.memberships USING btree (user_id, organization_id) INCLUDE (role);

--
-- Name: organizations_created_by_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX organizations_created_by_idx ON public.organizations USING btree (created_by);

--
-- Name: products_category_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_idx ON public.products USING btree (category_id, price);

--
-- Name: products_is_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_is_active_idx ON public.products USING btree (is_active);

--
-- Name: organizations add_creator_as_owner; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER add_creator_as_owner AFTER INSERT ON public.organizations FOR EACH ROW WHEN ((new.created_by IS NOT NULL)) EXECUTE FUNCTION private.add_creator_as_owner();

--
-- Name: memberships end_shares_of_leaver; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER end_shares_of_leaver AFTER DELETE ON public.memberships FOR EACH ROW EXECUTE FUNCTION private.end_shares_of_leaver();

--
-- Name: memberships forget_creator; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forget_creator AFTER DELETE ON public.memberships FOR EACH ROW EXECUTE FUNCTION private.forget_creator();

--
-- Name: memberships keep_an_owner_on_delete; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_an_owner_on_delete BEFORE DELETE ON public.memberships FOR EACH ROW WHEN ((old.role = 'owner'::public.membership_role)) EXECUTE FUNCTION private.keep_an_owner();

--
-- Name: memberships keep_an_owner_on_update; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_an_owner_on_update BEFORE UPDATE ON public.memberships FOR EACH ROW WHEN (((old.role = 'owner'::public.membership_role) AND (new.role <> 'owner'::public.membership_role))) EXECUTE FUNCTION private.keep_an_owner();

--
-- Name: categories keep_key; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_key BEFORE UPDATE ON public.categories FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION private.keep_key();

--
-- Name: documents keep_key; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_key BEFORE UPDATE ON public.documents FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION private.keep_key();

--
-- Name: memberships keep_key; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_key BEFORE UPDATE ON public.memberships FOR EACH ROW WHEN (((old.organization_id IS DISTINCT FROM new.organization_id) OR (old.user_id IS DISTINCT FROM new.user_id))) EXECUTE FUNCTION private.keep_key();

--
-- Name: products keep_key; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_key BEFORE UPDATE ON public.products FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION private.keep_key();

--
-- Name: chunk_embeddings leave_index; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leave_index BEFORE UPDATE ON public.chunk_embeddings FOR EACH ROW WHEN ((old.scope_id <> new.scope_id)) EXECUTE FUNCTION private.leave_index();

--
-- Name: documents note_changed_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_documents AFTER UPDATE ON public.documents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_changed_documents();

--
-- Name: products note_changed_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_products AFTER UPDATE ON public.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_changed_products();

--
-- Name: documents note_document_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_document_change BEFORE UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION private.note_document_change();

--
-- Name: documents note_new_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_new_documents AFTER INSERT ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_new_documents();

--
-- Name: products note_new_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_new_products AFTER INSERT ON public.products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_new_products();

--
-- Name: memberships return_drafts_on_demotion; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_drafts_on_demotion AFTER UPDATE ON public.memberships FOR EACH ROW WHEN (((old.role >= 'editor'::public.membership_role) AND (new.role < 'editor'::public.membership_role))) EXECUTE FUNCTION private.return_drafts();

--
-- Name: memberships return_drafts_on_leaving; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_drafts_on_leaving AFTER DELETE ON public.memberships FOR EACH ROW EXECUTE FUNCTION private.return_drafts();

--
-- Name: organizations return_private_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_private_documents BEFORE DELETE ON public.organizations FOR EACH ROW EXECUTE FUNCTION private.return_private_documents();

--
-- Name: categories touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.categories FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

--
-- Name: organizations touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.organizations FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

--
-- Name: products touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.products FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

--
-- Name: profiles touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

--
-- Name: embedding_jobs embedding_jobs_document_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_jobs
    ADD CONSTRAINT embedding_jobs_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

--
-- Name: embedding_jobs embedding_jobs_product_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.embedding_jobs
    ADD CONSTRAINT embedding_jobs_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE CASCADE;

--
-- Name: chunk_embeddings chunk_embeddings_chunk_id_source_id_scope_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunk_embeddings
    ADD CONSTRAINT chunk_embeddings_chunk_id_source_id_scope_id_fkey FOREIGN KEY (chunk_id, source_id, scope_id) REFERENCES public.chunks(id, source_id, scope_id) ON UPDATE CASCADE ON DELETE CASCADE;

--
-- Name: chunk_embeddings chunk_embeddings_model_id_dimensions_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunk_embeddings
    ADD CONSTRAINT chunk_embeddings_model_id_dimensions_fkey FOREIGN KEY (model_id, dimensions) REFERENCES private.embedding_models(id, dimensions) ON DELETE CASCADE;

--
-- Name: chunks chunks_document_id_scope_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_document_id_scope_id_fkey FOREIGN KEY (document_id, scope_id) REFERENCES public.documents(id, scope_id) ON UPDATE CASCADE ON DELETE CASCADE;

--
-- Name: chunks chunks_product_id_scope_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.chunks
    ADD CONSTRAINT chunks_product_id_scope_id_fkey FOREIGN KEY (product_id, scope_id) REFERENCES public.products(id, scope_id) ON UPDATE CASCADE ON DELETE CASCADE;

--
-- Name: document_shares document_shares_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_shares
    ADD CONSTRAINT document_shares_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

--
-- Name: document_shares document_shares_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.document_shares
    ADD CONSTRAINT document_shares_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: documents documents_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

--
-- Name: documents documents_owner_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT documents_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES auth.users(id) ON DELETE SET NULL;

--
-- Name: memberships memberships_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

--
-- Name: memberships memberships_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: organizations organizations_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_created_by_fkey FOREIGN KEY (created_by) REFERENCES auth.users(id) ON DELETE SET NULL;

--
-- Name: products products_category_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id) ON DELETE RESTRICT;

--
-- Name: profiles profiles_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: embedding_jobs; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.embedding_jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: embedding_models; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.embedding_models ENABLE ROW LEVEL SECURITY;

--
-- Name: embedding_jobs the worker finishes jobs; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker finishes jobs" ON private.embedding_jobs FOR DELETE TO tidegate_worker USING (true);

--
-- Name: embedding_jobs the worker reads jobs; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker reads jobs" ON private.embedding_jobs FOR SELECT TO tidegate_worker USING (true);

--
-- Name: embedding_models the worker reads the models; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker reads the models" ON private.embedding_models FOR SELECT TO tidegate_worker USING (true);

--
-- Name: embedding_jobs the worker takes, fails and parks jobs; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker takes, fails and parks jobs" ON private.embedding_jobs FOR UPDATE TO tidegate_worker USING (true) WITH CHECK (true);

--
-- Name: memberships admins add people, only owners add owners; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins add people, only owners add owners" ON public.memberships FOR INSERT TO authenticated WITH CHECK (((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations))))));

--
-- Name: memberships admins change roles, only owners touch owners; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins change roles, only owners touch owners" ON public.memberships FOR UPDATE TO authenticated USING (((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations)))))) WITH CHECK (((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations))))));

--
-- Name: organizations admins change their organization; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins change their organization" ON public.organizations FOR UPDATE TO authenticated USING ((id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))) WITH CHECK ((id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))));

--
-- Name: categories; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.categories ENABLE ROW LEVEL SECURITY;

--
-- Name: chunk_embeddings; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.chunk_embeddings ENABLE ROW LEVEL SECURITY;

--
-- Name: chunks; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.chunks ENABLE ROW LEVEL SECURITY;

--
-- Name: document_shares; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.document_shares ENABLE ROW LEVEL SECURITY;

--
-- Name: documents; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;

--
-- Name: categories everybody reads categories; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "everybody reads categories" ON public.categories FOR SELECT TO anon, authenticated USING (true);

--
-- Name: organizations members and the creator read their organization; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "members and the creator read their organization" ON public.organizations FOR SELECT TO authenticated USING (((id = ANY (ARRAY( SELECT private.my_organizations() AS my_organizations))) OR (created_by = ( SELECT auth.uid() AS uid))));

--
-- Name: memberships members see who else belongs; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "members see who else belongs" ON public.memberships FOR SELECT TO authenticated USING ((organization_id = ANY (ARRAY( SELECT private.my_organizations() AS my_organizations))));

--
-- Name: memberships; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.memberships ENABLE ROW LEVEL SECURITY;

--
-- Name: organizations; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.organizations ENABLE ROW LEVEL SECURITY;

--
-- Name: documents owners change their own, editors their organization's; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "owners change their own, editors their organization's" ON public.documents FOR UPDATE TO authenticated USING ((((owner_id = ( SELECT auth.uid() AS uid)) AND ((organization_id IS NULL) OR (visibility = 'private'::public.document_visibility))) OR ((visibility <> 'private'::public.document_visibility) AND (organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations)))))) WITH CHECK ((((owner_id = ( SELECT auth.uid() AS uid)) AND (organization_id IS NULL)) OR ((organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations))) AND ((visibility <> 'private'::public.document_visibility) OR (owner_id = ( SELECT auth.uid() AS uid))))));

--
-- Name: organizations owners delete their organization; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "owners delete their organization" ON public.organizations FOR DELETE TO authenticated USING ((id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations))));

--
-- Name: documents owners delete their own, editors their organization's; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "owners delete their own, editors their organization's" ON public.documents FOR DELETE TO authenticated USING ((((owner_id = ( SELECT auth.uid() AS uid)) AND ((organization_id IS NULL) OR (visibility = 'private'::public.document_visibility))) OR ((visibility <> 'private'::public.document_visibility) AND (organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations))))));

--
-- Name: document_shares owners share their documents; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "owners share their documents" ON public.document_shares FOR INSERT TO authenticated WITH CHECK (((user_id <> ( SELECT auth.uid() AS uid)) AND (EXISTS ( SELECT
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (d.owner_id = ( SELECT auth.uid() AS uid)) AND ((d.organization_id IS NULL) OR (d.visibility = 'private'::public.document_visibility) OR (d.organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations)))))))));

--
-- Name: documents people add their own, editors add to their organization; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people add their own, editors add to their organization" ON public.documents FOR INSERT TO authenticated WITH CHECK (((owner_id = ( SELECT auth.uid() AS uid)) AND ((organization_id IS NULL) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations))))));

--
-- Name: profiles people change their own profile; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people change their own profile" ON public.profiles FOR UPDATE TO authenticated USING ((id = ( SELECT auth.uid() AS uid))) WITH CHECK ((id = ( SELECT auth.uid() AS uid)));

--
-- Name: document_shares people drop shares with them, owners and admins their own; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people drop shares with them, owners and admins their own" ON public.document_shares FOR DELETE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (((d.visibility <> 'private'::public.document_visibility) AND (d.organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))) OR ((d.owner_id = ( SELECT auth.uid() AS uid)) AND ((d.organization_id IS NULL) OR (d.visibility = 'private'::public.document_visibility) OR (d.organization_id = ANY (ARRAY( SELECT private.my_organizations() AS my_organizations)))))))))));

--
-- Name: organizations people found organizations; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people found organizations" ON public.organizations FOR INSERT TO authenticated WITH CHECK ((created_by = ( SELECT auth.uid() AS uid)));

--
-- Name: memberships people leave, admins remove, only owners remove owners; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people leave, admins remove, only owners remove owners" ON public.memberships FOR DELETE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR ((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations)))))));

--
-- Name: products people read active products, staff read all; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read active products, staff read all" ON public.products FOR SELECT TO authenticated USING ((is_active OR ( SELECT private.is_staff() AS is_staff)));

--
-- Name: chunks people read the passages of what they read; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read the passages of what they read" ON public.chunks FOR SELECT TO authenticated USING (((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))) OR (source_id = ANY (ARRAY( SELECT private.my_shared_documents() AS my_shared_documents)))));

--
-- Name: chunk_embeddings people read the vectors of what they read; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read the vectors of what they read" ON public.chunk_embeddings FOR SELECT TO authenticated USING (((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))) OR (source_id = ANY (ARRAY( SELECT private.my_shared_documents() AS my_shared_documents)))));

--
-- Name: profiles people read their own profile, staff read all; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read their own profile, staff read all" ON public.profiles FOR SELECT TO authenticated USING (((id >= ( SELECT
        CASE
            WHEN private.is_staff() THEN '00000000-0000-0000-0000-000000000000'::uuid
            ELSE ( SELECT auth.uid() AS uid)
        END AS uid)) AND (id <= ( SELECT
        CASE
            WHEN private.is_staff() THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
            ELSE ( SELECT auth.uid() AS uid)
        END AS uid))));

--
-- Name: documents people read what their audiences and shares let them; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read what their audiences and shares let them" ON public.documents FOR SELECT TO authenticated USING (((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))) OR (id = ANY (ARRAY( SELECT private.my_shared_documents() AS my_shared_documents)))));

--
-- Name: document_shares people see shares with them, owners and admins their own; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people see shares with them, owners and admins their own" ON public.document_shares FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (((d.visibility <> 'private'::public.document_visibility) AND (d.organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))) OR ((d.owner_id = ( SELECT auth.uid() AS uid)) AND ((d.organization_id IS NULL) OR (d.visibility = 'private'::public.document_visibility) OR (d.organization_id = ANY (ARRAY( SELECT private.my_organizations() AS my_organizations)))))))))));

--
-- Name: products; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.products ENABLE ROW LEVEL SECURITY;

--
-- Name: profiles; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;

--
-- Name: categories staff add categories; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff add categories" ON public.categories FOR INSERT TO authenticated WITH CHECK (( SELECT private.is_staff() AS is_staff));

--
-- Name: products staff add products; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff add products" ON public.products FOR INSERT TO authenticated WITH CHECK (( SELECT private.is_staff() AS is_staff));

--
-- Name: categories staff change categories; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff change categories" ON public.categories FOR UPDATE TO authenticated USING (( SELECT private.is_staff() AS is_staff)) WITH CHECK (( SELECT private.is_staff() AS is_staff));

--
-- Name: products staff change products; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff change products" ON public.products FOR UPDATE TO authenticated USING (( SELECT private.is_staff() AS is_staff)) WITH CHECK (( SELECT private.is_staff() AS is_staff));

--
-- Name: categories staff delete categories; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff delete categories" ON public.categories FOR DELETE TO authenticated USING (( SELECT private.is_staff() AS is_staff));

--
-- Name: products staff delete products; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "staff delete products" ON public.products FOR DELETE TO authenticated USING (( SELECT private.is_staff() AS is_staff));

--
-- Name: chunks the worker adds passages to its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker adds passages to its sources" ON public.chunks FOR INSERT TO tidegate_worker WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunks.source_id))));

--
-- Name: chunk_embeddings the worker adds vectors to its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker adds vectors to its sources" ON public.chunk_embeddings FOR INSERT TO tidegate_worker WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunk_embeddings.source_id))));

--
-- Name: chunks the worker changes passages of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker changes passages of its sources" ON public.chunks FOR UPDATE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunks.source_id)))) WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunks.source_id))));

--
-- Name: chunk_embeddings the worker changes vectors of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker changes vectors of its sources" ON public.chunk_embeddings FOR UPDATE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunk_embeddings.source_id)))) WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunk_embeddings.source_id))));

--
-- Name: products the worker locks products that have a job; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker locks products that have a job" ON public.products FOR UPDATE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = products.id)))) WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = products.id))));

--
-- Name: documents the worker marks documents that have a job; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker marks documents that have a job" ON public.documents FOR UPDATE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = documents.id)))) WITH CHECK ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = documents.id))));

--
-- Name: documents the worker reads documents that have a job; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker reads documents that have a job" ON public.documents FOR SELECT TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = documents.id))));

--
-- Name: chunks the worker reads passages of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker reads passages of its sources" ON public.chunks FOR SELECT TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunks.source_id))));

--
-- Name: products the worker reads products that have a job; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker reads products that have a job" ON public.products FOR SELECT TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = products.id))));

--
-- Name: chunk_embeddings the worker reads vectors of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker reads vectors of its sources" ON public.chunk_embeddings FOR SELECT TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunk_embeddings.source_id))));

--
-- Name: chunks the worker removes passages of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker removes passages of its sources" ON public.chunks FOR DELETE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunks.source_id))));

--
-- Name: chunk_embeddings the worker removes vectors of its sources; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "the worker removes vectors of its sources" ON public.chunk_embeddings FOR DELETE TO tidegate_worker USING ((EXISTS ( SELECT
   FROM private.embedding_jobs j
  WHERE (j.source_id = chunk_embeddings.source_id))));

--
-- Name: products visitors read active products; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read active products" ON public.products FOR SELECT TO anon USING (is_active);

--
-- Name: documents visitors read public documents; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read public documents" ON public.documents FOR SELECT TO anon USING ((scope_id = '00000000-0000-0000-0000-000000000000'::uuid));

--
-- Name: chunks visitors read public passages; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read public passages" ON public.chunks FOR SELECT TO anon USING ((scope_id = ANY (ARRAY['00000000-0000-0000-0000-000000000000'::uuid, '00000000-0000-0000-0000-000000000001'::uuid])));

--
-- Name: chunk_embeddings visitors read public vectors; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read public vectors" ON public.chunk_embeddings FOR SELECT TO anon USING ((scope_id = ANY (ARRAY['00000000-0000-0000-0000-000000000000'::uuid, '00000000-0000-0000-0000-000000000001'::uuid])));

--
-- Name: SCHEMA private; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA private TO anon;
GRANT USAGE ON SCHEMA private TO authenticated;
GRANT USAGE ON SCHEMA private TO service_role;
GRANT USAGE ON SCHEMA private TO tidegate_gateway;
GRANT USAGE ON SCHEMA private TO tidegate_worker;

--
-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -
--

GRANT ALL ON SCHEMA public TO postgres;
GRANT USAGE ON SCHEMA public TO anon;
GRANT USAGE ON SCHEMA public TO authenticated;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO supabase_lite;
GRANT USAGE ON SCHEMA public TO tidegate_worker;

--
-- Name: FUNCTION activate_embedding_model(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.activate_embedding_model(name text) FROM PUBLIC;

--
-- Name: FUNCTION active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) TO anon;
GRANT ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) TO authenticated;
GRANT ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) TO service_role;
GRANT ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) TO tidegate_worker;

--
-- Name: FUNCTION add_creator_as_owner(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.add_creator_as_owner() FROM PUBLIC;

--
-- Name: FUNCTION become(claims text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.become(claims text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.become(claims text) TO tidegate_gateway;

--
-- Name: FUNCTION best_of_sources(found private.chunk_match[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.best_of_sources(found private.chunk_match[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.best_of_sources(found private.chunk_match[]) TO anon;
GRANT ALL ON FUNCTION private.best_of_sources(found private.chunk_match[]) TO authenticated;
GRANT ALL ON FUNCTION private.best_of_sources(found private.chunk_match[]) TO service_role;

--
-- Name: FUNCTION create_profile(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.create_profile() FROM PUBLIC;

--
-- Name: FUNCTION document_of_file(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.document_of_file(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO anon;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO authenticated;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO service_role;

--
-- Name: FUNCTION embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) TO tidegate_worker;

--
-- Name: FUNCTION end_shares_of_leaver(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.end_shares_of_leaver() FROM PUBLIC;

--
-- Name: FUNCTION enforce_row_level_security(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_row_level_security() FROM PUBLIC;

--
-- Name: FUNCTION enqueue_embeddings(document_ids uuid[], product_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) TO authenticated;
GRANT ALL ON FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) TO service_role;

--
-- Name: FUNCTION exact_search_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.exact_search_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.exact_search_limit() TO anon;
GRANT ALL ON FUNCTION private.exact_search_limit() TO authenticated;
GRANT ALL ON FUNCTION private.exact_search_limit() TO service_role;
GRANT ALL ON FUNCTION private.exact_search_limit() TO tidegate_worker;

--
-- Name: FUNCTION failed_documents_as(claims text, max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.failed_documents_as(claims text, max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.failed_documents_as(claims text, max_rows integer) TO tidegate_gateway;

--
-- Name: FUNCTION filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO anon;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO authenticated;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO service_role;

--
-- Name: FUNCTION forget_creator(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_creator() FROM PUBLIC;

--
-- Name: FUNCTION has_other_owner(organization_id uuid, user_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.has_other_owner(organization_id uuid, user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.has_other_owner(organization_id uuid, user_id uuid) TO authenticated;

--
-- Name: FUNCTION index_embeddings(max_rows integer, tolerated integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer) TO tidegate_worker;

--
-- Name: FUNCTION is_staff(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_staff() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_staff() TO anon;
GRANT ALL ON FUNCTION private.is_staff() TO authenticated;
GRANT ALL ON FUNCTION private.is_staff() TO service_role;

--
-- Name: FUNCTION keep_an_owner(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_an_owner() FROM PUBLIC;

--
-- Name: FUNCTION keep_key(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_key() FROM PUBLIC;

--
-- Name: FUNCTION keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) TO anon;
GRANT ALL ON FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) TO authenticated;
GRANT ALL ON FUNCTION private.keyword_matches(terms private.query_term[], kinds text[], sources uuid[], match_count integer) TO service_role;

--
-- Name: FUNCTION leave_index(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leave_index() FROM PUBLIC;

--
-- Name: FUNCTION may_read_file(name text, created_at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO anon;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO service_role;

--
-- Name: FUNCTION may_write_file(name text, created_at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) TO service_role;

--
-- Name: FUNCTION my_organizations(minimum public.membership_role); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.my_organizations(minimum public.membership_role) FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_organizations(minimum public.membership_role) TO anon;
GRANT ALL ON FUNCTION private.my_organizations(minimum public.membership_role) TO authenticated;
GRANT ALL ON FUNCTION private.my_organizations(minimum public.membership_role) TO service_role;

--
-- Name: FUNCTION my_scopes(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.my_scopes() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_scopes() TO anon;
GRANT ALL ON FUNCTION private.my_scopes() TO authenticated;
GRANT ALL ON FUNCTION private.my_scopes() TO service_role;

--
-- Name: FUNCTION my_shared_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.my_shared_documents() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_shared_documents() TO authenticated;
GRANT ALL ON FUNCTION private.my_shared_documents() TO service_role;
GRANT ALL ON FUNCTION private.my_shared_documents() TO anon;

--
-- Name: FUNCTION nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_index(query_embedding extensions.halfvec, model smallint, dimensions integer, scopes uuid[], shares uuid[], row_limit integer) TO service_role;

--
-- Name: FUNCTION nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_scopes(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], row_limit integer, once boolean) TO service_role;

--
-- Name: FUNCTION nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], row_limit integer, once boolean) TO service_role;

--
-- Name: FUNCTION note_changed_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_changed_documents() FROM PUBLIC;

--
-- Name: FUNCTION note_changed_products(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_changed_products() FROM PUBLIC;

--
-- Name: FUNCTION note_document_change(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_document_change() FROM PUBLIC;

--
-- Name: FUNCTION note_new_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_new_documents() FROM PUBLIC;

--
-- Name: FUNCTION note_new_products(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_new_products() FROM PUBLIC;

--
-- Name: FUNCTION query_terms(query text, kinds text[], sources uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) TO anon;
GRANT ALL ON FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) TO authenticated;
GRANT ALL ON FUNCTION private.query_terms(query text, kinds text[], sources uuid[]) TO service_role;

--
-- Name: FUNCTION query_words(query text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.query_words(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.query_words(query text) TO anon;
GRANT ALL ON FUNCTION private.query_words(query text) TO authenticated;
GRANT ALL ON FUNCTION private.query_words(query text) TO service_role;

--
-- Name: FUNCTION register_embedding_model(name text, dimensions integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.register_embedding_model(name text, dimensions integer) FROM PUBLIC;

--
-- Name: FUNCTION remove_personal_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_personal_documents() FROM PUBLIC;

--
-- Name: FUNCTION replay_document(document_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.replay_document(document_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.replay_document(document_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.replay_document(document_id uuid) TO service_role;

--
-- Name: FUNCTION replay_parked_jobs(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.replay_parked_jobs() FROM PUBLIC;
GRANT ALL ON FUNCTION private.replay_parked_jobs() TO tidegate_worker;

--
-- Name: FUNCTION return_drafts(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_drafts() FROM PUBLIC;

--
-- Name: FUNCTION return_private_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_private_documents() FROM PUBLIC;

--
-- Name: FUNCTION search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO tidegate_gateway;

--
-- Name: FUNCTION search_scopes(kinds text[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_scopes(kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_scopes(kinds text[]) TO anon;
GRANT ALL ON FUNCTION private.search_scopes(kinds text[]) TO authenticated;
GRANT ALL ON FUNCTION private.search_scopes(kinds text[]) TO service_role;

--
-- Name: FUNCTION search_shares(kinds text[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_shares(kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_shares(kinds text[]) TO anon;
GRANT ALL ON FUNCTION private.search_shares(kinds text[]) TO authenticated;
GRANT ALL ON FUNCTION private.search_shares(kinds text[]) TO service_role;

--
-- Name: FUNCTION search_vector(language text, title text, heading_path text[], content text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_vector(language text, title text, heading_path text[], content text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_vector(language text, title text, heading_path text[], content text) TO service_role;
GRANT ALL ON FUNCTION private.search_vector(language text, title text, heading_path text[], content text) TO tidegate_worker;

--
-- Name: FUNCTION semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) TO anon;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) TO authenticated;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], match_count integer) TO service_role;

--
-- Name: FUNCTION snippet(content text, stemmer text, any_word tsquery); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) FROM PUBLIC;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO anon;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO authenticated;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO service_role;

--
-- Name: FUNCTION stemmer(language text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.stemmer(language text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.stemmer(language text) TO service_role;
GRANT ALL ON FUNCTION private.stemmer(language text) TO tidegate_worker;

--
-- Name: FUNCTION touch_updated_at(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.touch_updated_at() FROM PUBLIC;

--
-- Name: FUNCTION retry_document(document_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.retry_document(document_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.retry_document(document_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.retry_document(document_id uuid) TO service_role;

--
-- Name: FUNCTION search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO anon;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO authenticated;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_id uuid, category text, price_min numeric, price_max numeric, in_stock boolean) TO service_role;

--
-- Name: SEQUENCE embedding_job_revisions; Type: ACL; Schema: private; Owner: -
--

GRANT USAGE ON SEQUENCE private.embedding_job_revisions TO tidegate_worker;

--
-- Name: TABLE embedding_jobs; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT,DELETE ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.attempts; Type: ACL; Schema: private; Owner: -
--

GRANT UPDATE(attempts) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.available_at; Type: ACL; Schema: private; Owner: -
--

GRANT UPDATE(available_at) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.parked_at; Type: ACL; Schema: private; Owner: -
--

GRANT UPDATE(parked_at) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.last_error; Type: ACL; Schema: private; Owner: -
--

GRANT UPDATE(last_error) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: TABLE embedding_models; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT ON TABLE private.embedding_models TO tidegate_worker;

--
-- Name: TABLE categories; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.categories TO anon;
GRANT SELECT,DELETE ON TABLE public.categories TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.categories TO service_role;

--
-- Name: COLUMN categories.id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(id),UPDATE(id) ON TABLE public.categories TO authenticated;

--
-- Name: COLUMN categories.slug; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(slug),UPDATE(slug) ON TABLE public.categories TO authenticated;

--
-- Name: COLUMN categories.name; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(name),UPDATE(name) ON TABLE public.categories TO authenticated;

--
-- Name: COLUMN categories.description; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(description),UPDATE(description) ON TABLE public.categories TO authenticated;

--
-- Name: TABLE chunk_embeddings; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT ON TABLE public.chunk_embeddings TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunk_embeddings TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunk_embeddings TO tidegate_worker;

--
-- Name: TABLE chunks; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.chunks TO anon;
GRANT SELECT ON TABLE public.chunks TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunks TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunks TO tidegate_worker;

--
-- Name: TABLE document_shares; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,DELETE ON TABLE public.document_shares TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_shares TO service_role;

--
-- Name: COLUMN document_shares.document_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(document_id) ON TABLE public.document_shares TO authenticated;

--
-- Name: COLUMN document_shares.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(user_id) ON TABLE public.document_shares TO authenticated;

--
-- Name: TABLE documents; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.documents TO anon;
GRANT SELECT,DELETE ON TABLE public.documents TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.documents TO service_role;
GRANT SELECT ON TABLE public.documents TO tidegate_worker;

--
-- Name: COLUMN documents.id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(id),UPDATE(id) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.owner_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(owner_id) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.organization_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(organization_id),UPDATE(organization_id) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.visibility; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(visibility),UPDATE(visibility) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.title; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(title),UPDATE(title) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.content; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(content),UPDATE(content) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.language; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(language),UPDATE(language) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.source_uri; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(source_uri),UPDATE(source_uri) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.metadata; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.status; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(status) ON TABLE public.documents TO tidegate_worker;

--
-- Name: COLUMN documents.error; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(error) ON TABLE public.documents TO tidegate_worker;

--
-- Name: TABLE memberships; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,DELETE ON TABLE public.memberships TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.memberships TO service_role;

--
-- Name: COLUMN memberships.organization_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(organization_id),UPDATE(organization_id) ON TABLE public.memberships TO authenticated;

--
-- Name: COLUMN memberships.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(user_id),UPDATE(user_id) ON TABLE public.memberships TO authenticated;

--
-- Name: COLUMN memberships.role; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(role),UPDATE(role) ON TABLE public.memberships TO authenticated;

--
-- Name: TABLE organizations; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,DELETE ON TABLE public.organizations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.organizations TO service_role;

--
-- Name: COLUMN organizations.name; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(name),UPDATE(name) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.slug; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(slug),UPDATE(slug) ON TABLE public.organizations TO authenticated;

--
-- Name: TABLE products; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.products TO anon;
GRANT SELECT,DELETE ON TABLE public.products TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.products TO service_role;
GRANT SELECT ON TABLE public.products TO tidegate_worker;

--
-- Name: COLUMN products.id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(id),UPDATE(id) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.category_id; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(category_id),UPDATE(category_id) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.sku; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(sku),UPDATE(sku) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.name; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(name),UPDATE(name) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.description; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(description),UPDATE(description) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.price; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(price),UPDATE(price) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.currency; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(currency),UPDATE(currency) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.stock; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(stock),UPDATE(stock) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.is_active; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.language; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(language),UPDATE(language) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.metadata; Type: ACL; Schema: public; Owner: -
--

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(updated_at) ON TABLE public.products TO tidegate_worker;

--
-- Name: TABLE profiles; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.profiles TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profiles TO service_role;

--
-- Name: COLUMN profiles.display_name; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(display_name) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.phone; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(phone) ON TABLE public.profiles TO authenticated;

--
-- PostgreSQL database dump complete
--

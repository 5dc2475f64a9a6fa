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
-- Name: marked_word; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.marked_word AS (
	stemmer text,
	match tsquery
);

--
-- Name: TYPE marked_word; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.marked_word IS 'What snippets of passages by one stemmer show as a word of the query.';

--
-- Name: parsed_query; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.parsed_query AS (
	words text,
	prefixes text[],
	phrases text[],
	excluded text[],
	per_beginning integer
);

--
-- Name: TYPE parsed_query; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.parsed_query IS 'A query as people write it: the text without its operators, the beginnings (boat*), the phrases ("slack water"; several joined by a line feed where any of them will do), and what must not occur (-boat, -"slack water").';

--
-- Name: pick; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.pick AS (
	product_id uuid,
	score double precision,
	reason text,
	because_of uuid,
	source text
);

--
-- Name: TYPE pick; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.pick IS 'A product to recommend, how well it fits, why, because of which product, and by which rung of the ladder.';

--
-- Name: query_operators; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.query_operators AS (
	operators integer,
	others integer,
	phrases integer,
	exclusions integer,
	prefixes integer,
	quoted_words integer
);

--
-- Name: TYPE query_operators; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.query_operators IS 'What a query holds: operators that are set off by white space, other words; different phrases, exclusions and prefixes, and the words in phrases and exclusions.';

--
-- Name: query_term; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.query_term AS (
	stemmer text,
	word text,
	original text,
	trust double precision,
	frequency bigint,
	weight double precision,
	average_length double precision
);

--
-- Name: TYPE query_term; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.query_term IS 'A stem by one stemmer, what of the query it stands for, how sure that is (times how often it is asked for), how many passages have it, how much it tells (its inverse document frequency over the sum of the query''s), and the mean length in tokens of the passages that were counted.';

--
-- Name: search_leg; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.search_leg AS (
	matches private.chunk_match[],
	is_complete boolean
);

--
-- Name: TYPE search_leg; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.search_leg IS 'What one leg of a search found, and whether it looked at everything that could have filled the list.';

--
-- Name: search_plan; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.search_plan AS (
	shards smallint[],
	walks boolean,
	passages bigint
);

--
-- Name: TYPE search_plan; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.search_plan IS 'How a caller''s audiences are searched: the shards of the giants among them, whether the others hold so much that the common index is walked, and how many passages there are in all.';

--
-- Name: seed; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.seed AS (
	product_id uuid,
	weight double precision,
	is_bought boolean
);

--
-- Name: TYPE seed; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.seed IS 'A product that recommendations start from, how much it counts, and whether the person bought it.';

--
-- Name: snippet; Type: TYPE; Schema: private; Owner: -
--

CREATE TYPE private.snippet AS (
	text text,
	highlights integer[]
);

--
-- Name: TYPE snippet; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TYPE private.snippet IS 'Some words of a passage, and where in it the query''s are: pairs of the first character, from 0, and one past the last.';

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
-- Name: interaction_kind; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.interaction_kind AS ENUM (
    'view',
    'cart',
    'purchase'
);

--
-- Name: TYPE interaction_kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.interaction_kind IS 'How somebody met a product: looked at it, put it into the cart, bought it.';

--
-- Name: invitation_status; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.invitation_status AS ENUM (
    'pending',
    'accepted',
    'declined',
    'revoked',
    'expired'
);

--
-- Name: TYPE invitation_status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TYPE public.invitation_status IS 'pending: waits for its addressee; accepted, declined: the addressee answered; revoked: taken back, or its sender lost the right to send it; expired: nobody answered in time.';

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
-- Name: accept_invitation(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.accept_invitation(invitation_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  mine public.invitations := private.my_invitation(invitation_id);
begin
  if mine.status in ('declined', 'revoked') then
    raise sqlstate 'PT409' using message = format('The invitation is %s.', mine.status), hint = 'Ask for another one.';
  elsif mine.status = 'expired' or (mine.status = 'pending' and mine.expires_at <= now()) then
    raise sqlstate 'PT410' using message = 'The invitation has expired.', hint = 'Ask for another one.';
  elsif mine.status = 'pending' then
    if not private.may_still_invite(mine) then
      raise sqlstate 'PT410' using message = 'The sender of the invitation may not invite you any more.', hint = 'Ask for another one.';
    end if;
    if mine.organization_id is not null then
      insert into public.memberships as m (organization_id, user_id, role) values (mine.organization_id, auth.uid(), mine.role)
      on conflict (organization_id, user_id) do update set role = excluded.role where m.role < excluded.role;
    else
      insert into public.document_shares (document_id, user_id)
      select d.id, auth.uid() from public.documents d where d.id = mine.document_id and d.owner_id is distinct from auth.uid()
      on conflict do nothing;
    end if;
    update public.invitations i set status = 'accepted' where i.id = mine.id returning i.* into mine;
  end if;
  return private.invitation_as_json(mine);
end $$;

--
-- Name: FUNCTION accept_invitation(invitation_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.accept_invitation(invitation_id uuid) IS 'As public.accept_invitation. Definer: nobody else adds members and readers.';

--
-- Name: account_holdings(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.account_holdings(person uuid) RETURNS TABLE(what text, outcome text, count bigint, why text)
    LANGUAGE sql STABLE ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with dissolved as (
    select o.id from private.orphaned_organizations(person) o where not o.has_others
  ), documents as (
    select d.id, d.organization_id is null or d.visibility = 'private' as personal,
           coalesce(d.organization_id in (select id from dissolved), false) as dissolved
    from public.documents d
    where d.owner_id = person or (d.visibility <> 'private' and d.organization_id in (select id from dissolved))
  ), files as (
    select f.id, d.id is not null as gone
    from storage.objects f
    left join documents d on d.id = private.document_of_file(f.name) and (d.personal or d.dissolved)
    where f.bucket_id = 'documents' and (d.id is not null or f.owner = person or f.owner_id = person::text))
  select 'profile', 'removed', count(*), 'It says who you are.' from public.profiles p where p.id = person
  union all
  select 'personal documents', 'removed', count(*), 'They are yours alone, with their passages and shares.'
  from documents where personal
  union all
  select 'organizations', 'removed', count(*), 'Nobody else belongs to them.' from dissolved
  union all
  select 'documents of these organizations', 'removed', count(*), 'They go with the organization.'
  from documents d where d.dissolved and not d.personal
  union all
  select 'memberships', 'removed', count(*), 'You belong to no organization any more.'
  from public.memberships m where m.user_id = person
  union all
  select 'shares with you', 'removed', count(*), 'Nobody is let in by them any more.'
  from public.document_shares s where s.user_id = person
  union all
  select 'documents of organizations', 'anonymised', count(*), 'They belong to the organization, and no longer say who wrote them.'
  from documents d where not d.personal and not d.dissolved
  union all
  select 'organizations you founded', 'anonymised', count(*), 'They go on, and no longer say who founded them.'
  from public.organizations o where o.created_by = person and o.id not in (select id from dissolved)
  union all
  select 'files of documents that stay', 'anonymised', count(*), 'They belong to the document, and no longer say who put them there.'
  from files where not gone
  union all
  select 'files of removed documents', 'kept', count(*),
         'Nobody can read a file without its document. Storage is cleared of them from time to time.'
  from files where gone
  union all
  select 'what you looked at, put into the cart and bought', 'removed', count(*),
         'Nothing is recommended by it any more. Counts over many people stay, and tell nothing of one.'
  from public.interactions i where i.user_id = person
  union all
  select 'orders not paid yet', 'kept', count(*),
         'They are cancelled, and their goods back on sale; the order stays in the books, and no longer says whose it was.'
  from public.orders o where o.buyer_id = person and o.status = 'pending'
  union all
  select 'orders', 'kept', count(*), 'Bookkeeping law wants them for years; they no longer say who bought.'
  from public.orders o where o.buyer_id = person and o.status <> 'pending'
$$;

--
-- Name: FUNCTION account_holdings(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.account_holdings(person uuid) IS 'What belongs to an account, and what becomes of it when the account is closed: removed, anonymised or kept, how many, and why. Later migrations that add something personal add a line here by create or replace.';

--
-- Name: activate_embedding_model(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.activate_embedding_model(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model smallint := (select m.id from private.embedding_models m where m.name = activate_embedding_model.name);
begin
  if model is null then
    raise exception 'no embedding model is called %', activate_embedding_model.name using errcode = 'no_data_found';
  end if;
  update private.embedding_models m set is_active = false where m.is_active;
  update private.embedding_models m set is_active = true where m.id = model;
  -- What was written since the model was filled, the worker embeds: it is found by its words until then.
  perform private.enqueue_embeddings(
    coalesce(array_agg(distinct c.document_id) filter (where c.document_id is not null), '{}'),
    coalesce(array_agg(distinct c.product_id) filter (where c.product_id is not null), '{}'))
  from public.chunks c
  where not exists (select from public.chunk_embeddings e where e.chunk_id = c.id and e.model_id = model);
end $$;

--
-- Name: FUNCTION activate_embedding_model(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.activate_embedding_model(name text) IS 'Makes one model the one that search uses, from the next search on, and notes what it lacks; run by the owner of the tables.';

--
-- Name: active_embedding_model(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select m.id, m.name, m.dimensions from private.embedding_models m where m.is_active
$$;

--
-- Name: FUNCTION active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.active_embedding_model(OUT id smallint, OUT name text, OUT dimensions integer) IS 'The model that search uses. Definer: callers read one row of a table that is not theirs.';

--
-- Name: acts_for_the_shop(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.acts_for_the_shop() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.is_staff() or coalesce(auth.jwt() ->> 'role' = 'service_role', false)
$$;

--
-- Name: FUNCTION acts_for_the_shop(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.acts_for_the_shop() IS 'Whether the caller is staff, or a server with the secret key.';

--
-- Name: add_creator_as_owner(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.add_creator_as_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: add_pairs(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.add_pairs(user_ids uuid[], product_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.product_buyers as b (product_id, people)
  select u.product_id, count(*)::integer from unnest(product_ids) u (product_id) group by u.product_id
  on conflict (product_id) do update set people = b.people + excluded.people;
  with news as materialized (
    select n.* from private.pairs_to_count(user_ids, product_ids) n
  ), noted as (
    insert into private.paired_purchases as p (user_id, product_id, mates)
    select n.user_id, n.one, array_agg(n.two) from news n group by n.user_id, n.one
    on conflict (user_id, product_id) do update set mates = p.mates || excluded.mates)
  insert into private.product_pairs as p (product_id, other_id, people)
  select s.product_id, s.other_id, count(*)::integer
  from (select n.one as product_id, n.two as other_id from news n union all select n.two, n.one from news n) s
  group by s.product_id, s.other_id
  on conflict (product_id, other_id) do update set people = p.people + excluded.people;
end $$;

--
-- Name: FUNCTION add_pairs(user_ids uuid[], product_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.add_pairs(user_ids uuid[], product_ids uuid[]) IS 'Counts people with products that they have bought for the first time, and each with what else they have. Definer: as fold_interactions, which calls it.';

--
-- Name: add_up_passage_counts(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.add_up_passage_counts() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Of two that add up at once, each takes the rows that the other has not.
  with several as (
    select p.scope_id from private.passage_counts p group by p.scope_id having count(*) > 1
  ), taken as materialized (
    select p.id from private.passage_counts p join several s using (scope_id) for update of p skip locked
  ), gone as (
    delete from private.passage_counts p using taken t where p.id = t.id returning p.scope_id, p.passages, p.tokens)
  insert into private.passage_counts (scope_id, passages, tokens)
  select g.scope_id, sum(g.passages), sum(g.tokens) from gone g group by g.scope_id
  having sum(g.passages) <> 0 or sum(g.tokens) <> 0;
end $$;

--
-- Name: FUNCTION add_up_passage_counts(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.add_up_passage_counts() IS 'Leaves one row an audience; the sums stay. Definer: the worker has no other right to the counts.';

--
-- Name: answer_invitation(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.answer_invitation() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Functions and administrators are not held to it.
  if current_user = 'authenticated' then
    if old.status <> 'pending' then
      raise sqlstate 'PT409' using message = pg_catalog.format('The invitation is %s.', old.status);
    end if;
    if not (case new.status
      when 'declined' then
        coalesce(old.user_id = (select auth.uid()), false) or coalesce(old.email = (select private.my_email()), false)
      when 'revoked' then
        coalesce(old.invited_by = (select auth.uid()), false)
        or exists (
          select from private.my_organizations(case old.role when 'owner' then 'owner' else 'admin' end::public.membership_role) o (id)
          where o.id = old.organization_id)
      else false end)
    then
      raise exception 'an invitation cannot be made % by you', new.status
        using errcode = 'insufficient_privilege',
              hint = 'Addressees accept by rpc("accept_invitation") and decline, senders revoke.';
    end if;
  end if;
  new.answered_at := case new.status when 'pending' then null else now() end;
  return new;
end $$;

--
-- Name: FUNCTION answer_invitation(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.answer_invitation() IS 'Row trigger: addressees decline, senders revoke, and only what is pending; notes when.';

--
-- Name: article_matches(text, uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.article_matches(query text, scopes uuid[], sources uuid[]) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- Of a query that is a text, the first 256 words count.
  words constant text[] := (regexp_split_to_array(query, '[\s,;:]+'))[:256];
begin
  return query
    select m.product_id, m.chunk_id, m.score
    from (
      select distinct on (p.id) p.id as product_id, c.id as chunk_id,
             case when p.number = w.number then 1 else 0.9 end::double precision as score
      from (
        -- What has a digit first; words before two and three together, which must be the whole number: "2 cable" is no
        -- beginning, nor is a word.
        select n.number, min(n.more) = 0 and n.number ~ '\d' and char_length(n.number) >= 4 as may_begin
        from (
          select private.article_number(array_to_string(words[i:i + more], '')) as number, more, i
          from generate_subscripts(words, 1) i cross join generate_series(0, 2) more
          where i + more <= cardinality(words) and (more = 0 or array_to_string(words[i:i + more], '') ~ '\d')) n
        where n.number <> ''
        group by n.number order by n.number ~ '\d' desc, min(n.more), min(n.i) limit 24) w
      -- No more of each than are wanted of all: half of a shop may have one beginning.
      cross join lateral (
        select r.id, upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) as number
        from public.products r
        where upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" >= w.number
          and upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C"
              < w.number || case when w.may_begin then chr(1114111) else '0' end
          and r.scope_id = any (scopes)
          and (sources is null or r.id in (select unnest(sources)))
          and exists (select from public.chunks x where x.product_id = r.id)
        order by upper(regexp_replace(r.sku, '[^[:alnum:]]', '', 'g')) collate "C" limit 100) p
      join public.chunks c on c.product_id = p.id
      order by p.id, 3 desc, c.position) m
    order by m.score desc, m.product_id
    limit 100;
end $$;

--
-- Name: FUNCTION article_matches(query text, scopes uuid[], sources uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.article_matches(query text, scopes uuid[], sources uuid[]) IS 'Products whose article number stands in the query, however it is punctuated and in up to three parts, or its beginning, from four characters with a digit on. Definer: asked only by keyword_matches, with the caller''s audiences.';

--
-- Name: article_number(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.article_number(typed text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select upper(regexp_replace(normalize(typed, nfkc), '[^[:alnum:]]', '', 'g')) $$;

--
-- Name: FUNCTION article_number(typed text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.article_number(typed text) IS 'Letters and digits alone, as the index of article numbers has them.';

--
-- Name: become(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.become(claims text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  caller_role constant text := coalesce(claims::jsonb ->> 'role', 'anon');
begin
  if caller_role not in ('anon', 'authenticated') then
    raise exception 'the gateway does not act as %', caller_role using errcode = 'insufficient_privilege';
  end if;
  perform set_config('request.jwt.claims', claims, true), set_config('role', caller_role, true);
  perform private.require_open_account();
end $$;

--
-- Name: FUNCTION become(claims text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.become(claims text) IS 'Makes the rest of the transaction run as the caller of these verified claims, and as nobody else after it.';

--
-- Name: begin_emptying(uuid, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.begin_emptying(person uuid, deletes_account boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.removals as r (kind, subject_id, deletes_account) values ('account', person, begin_emptying.deletes_account)
  on conflict (kind, subject_id) do update set deletes_account = r.deletes_account or excluded.deletes_account;
  -- Where there are more, nobody reads anything by them either: a closed account is refused everywhere.
  perform private.leave_some(person, 200);
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null
    and exists (select from public.memberships m where m.organization_id = o.id and m.user_id = person)
    and not exists (select from public.memberships m where m.organization_id = o.id and m.user_id <> person);
  perform private.leave_orders(person);
  delete from public.profiles p where p.id = person;
  perform private.note_everything_lost();
end $$;

--
-- Name: FUNCTION begin_emptying(person uuid, deletes_account boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.begin_emptying(person uuid, deletes_account boolean) IS 'Ends every right of a closed account, and every right that others have by it, and leaves its rows to the worker.';

--
-- Name: begin_large_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.begin_large_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not private.is_large_account(old.id) then
    return old;
  end if;
  perform private.begin_emptying(old.id, true);
  -- Nobody signs in as it, and its address and number are free again.
  delete from auth.sessions s where s.user_id = old.id;
  delete from auth.identities i where i.user_id = old.id;
  update auth.users u
  set deleted_at = coalesce(u.deleted_at, now()), email = null, phone = null, encrypted_password = null,
      raw_user_meta_data = '{}', raw_app_meta_data = '{}'
  where u.id = old.id;
  return null;
end $$;

--
-- Name: FUNCTION begin_large_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.begin_large_account() IS 'Row trigger on auth.users: a large account is closed, and can neither sign in nor do anything; the worker deletes it in pieces, and the statement counts no row. Definer: as leave_organizations.';

--
-- Name: begin_large_organization(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.begin_large_organization() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not private.is_large_organization(old.id) then
    return old;
  end if;
  perform private.queue_organizations(array[old.id]);
  return null;
end $$;

--
-- Name: FUNCTION begin_large_organization(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.begin_large_organization() IS 'Row trigger on organizations: a large one loses its members, its invitations and what it published, and the worker deletes it in pieces; the statement counts no row. Definer: whoever may delete it may not do all that.';

--
-- Name: best_of_sources(private.chunk_match[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) RETURNS private.chunk_match[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return array(
    select (b.source_id, b.chunk_id, b.score)::private.chunk_match
    from (
      select distinct on (m.source_id) m.*
      from (select f.* from unnest(matches) f order by f.score desc limit row_limit) m
      order by m.source_id, m.score desc) b);
end $$;

--
-- Name: FUNCTION best_of_sources(matches private.chunk_match[], row_limit integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) IS 'The best passage of each source among the row_limit best.';

--
-- Name: bought_together(uuid[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.bought_together(of_products uuid[], row_limit integer) RETURNS TABLE(product_id uuid, other_id uuid, similarity double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 200
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    select s.id, t.other_id, t.people / sqrt((a.people + 10.0) * (b.people + 10.0))::double precision
    from unnest(of_products) s (id)
    join private.product_buyers a on a.product_id = s.id
    cross join lateral (
      select p.other_id, p.people from private.product_pairs p
      where p.product_id = s.id and p.people >= private.fewest_people()
      order by p.people desc limit row_limit) t
    join private.product_buyers b on b.product_id = t.other_id;
end $$;

--
-- Name: FUNCTION bought_together(of_products uuid[], row_limit integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.bought_together(of_products uuid[], row_limit integer) IS 'For each of the products up to row_limit others that the same people bought. Similarity is the cosine of their buyers, so that best-sellers do not go with everything; ten imaginary buyers on both sides keep a few real ones from proving much. Definer: counts over all people, of which nobody is shown fewer than private.fewest_people().';

--
-- Name: cancel_order(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.cancel_order(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders := private.lock_order(order_id, false);
begin
  if known.status = 'shipped' then
    raise sqlstate 'PT409' using message = 'the order is on its way and can no longer be cancelled',
      hint = 'Send it back; it is refunded then.';
  end if;
  if known.status = 'pending' then
    perform private.withdraw_pending(array[known.id], 'Cancelled.');
  elsif known.status = 'paid' and known.withdrawn_at is null then
    update public.orders o set withdrawn_at = now(), reason = 'Cancelled.' where o.id = known.id;
    perform private.owe_refund(known.id);
  end if;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION cancel_order(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.cancel_order(order_id uuid) IS 'As public.cancel_order. Definer: buyers write no orders.';

--
-- Name: cancel_pending_orders(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.cancel_pending_orders() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.leave_orders(old.id);
  return old;
end $$;

--
-- Name: FUNCTION cancel_pending_orders(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.cancel_pending_orders() IS 'Row trigger on auth.users: what is not paid is cancelled with the account; paid orders are delivered and kept, without a name. Definer: the Auth service that deletes accounts has no rights on orders.';

--
-- Name: claim_payments(integer, double precision); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.claim_payments(max_jobs integer, lease_s double precision) RETURNS TABLE(order_id uuid, kind text, amount numeric, currency text, customer_id uuid, charge_reference text, attempts integer, tries integer, was_sent boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    with due as materialized (
      select j.order_id, j.kind, j.is_sent
      from private.payment_jobs j
      where j.done_at is null and j.parked_at is null and j.available_at <= now()
      order by j.available_at
      limit max_jobs
      for no key update skip locked
    ), taken as (
      update private.payment_jobs j
      set attempts = j.attempts + 1, is_sent = true, available_at = now() + pg_catalog.make_interval(secs => lease_s)
      from due d
      where j.order_id = d.order_id and j.kind = d.kind
      returning j.*, d.is_sent as was_sent
    )
    select t.order_id, t.kind, t.amount, t.currency, t.customer_id, c.reference, t.attempts, t.attempts - t.forgiven, t.was_sent
    from taken t
    left join private.payment_jobs c on t.kind = 'refund' and c.order_id = t.order_id and c.kind = 'charge';
end $$;

--
-- Name: FUNCTION claim_payments(max_jobs integer, lease_s double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.claim_payments(max_jobs integer, lease_s double precision) IS 'Takes payments that are due for lease_s seconds, oldest first. From here on the provider may have heard of them. Definer: the worker reaches the outbox only so.';

--
-- Name: close_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.close_account() RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  person uuid;
  orphans jsonb;
  names text;
  report jsonb;
begin
  select u.id into person from auth.users u where u.id = auth.uid() and u.deleted_at is null for update;
  if person is null then
    raise sqlstate 'PT404' using message = 'There is no such account', hint = 'It was closed already.';
  end if;
  perform private.lock_organizations(person);
  -- The first twenty: the rest come when these are done.
  select jsonb_agg(jsonb_build_object('id', o.id, 'name', o.name) order by o.name, o.id), string_agg(o.name, ', ' order by o.name, o.id)
  into orphans, names
  from (select p.id, p.name from private.orphaned_organizations(person) p where p.has_others order by p.name, p.id limit 20) o;
  if orphans is not null then
    raise sqlstate 'PT409' using
      message = 'You are the only owner of ' || names,
      detail = jsonb_build_object('organizations', orphans)::text,
      hint = 'Invite another owner and wait until they accept, or delete the organization, then close the account.';
  end if;
  select jsonb_build_object('removed', '[]'::jsonb, 'anonymised', '[]'::jsonb, 'kept', '[]'::jsonb)
      || coalesce(jsonb_object_agg(g.outcome, g.items), '{}')
  into report
  from (
    select h.outcome, jsonb_agg(jsonb_build_object('what', h.what, 'count', h.count, 'why', h.why)) as items
    from private.account_holdings(person) h where h.count > 0 group by h.outcome) g;
  delete from auth.users u where u.id = person;
  return report;
end $$;

--
-- Name: FUNCTION close_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.close_account() IS 'Deletes the caller''s account. Definer: people have no rights on auth.users. Only ever the caller''s own.';

--
-- Name: close_shard(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.close_shard() RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
declare
  closed record;
begin
  select s.id, s.scope_id into closed from private.shards s
  where 2 * (select coalesce(sum(c.passages), 0) from private.passage_counts c where c.scope_id = s.scope_id) < private.shard_size()
  limit 1 for update;
  if not found then
    return null;
  end if;
  execute pg_catalog.format('drop index public.chunk_embeddings_shard_%s_idx', closed.id);
  update public.chunk_embeddings e set shard_id = 0 where e.scope_id = closed.scope_id and e.shard_id = closed.id;
  delete from private.shards s where s.id = closed.id;
  return closed.scope_id;
end $$;

--
-- Name: FUNCTION close_shard(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.close_shard() IS 'Drops the index of an audience that is no giant any more, if there is one, and names it. Definer: as open_shard.';

--
-- Name: co_purchase_memory(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.co_purchase_memory() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 20 $$;

--
-- Name: FUNCTION co_purchase_memory(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.co_purchase_memory() IS 'Products of a person that a new purchase is paired with, the latest ones: so many at most, whoever buys however much.';

--
-- Name: co_purchase_weight(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.co_purchase_weight() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(
    nullif(current_setting('tidegate.co_purchase_weight', true), '')::double precision,
    (select s.co_purchase_weight from private.settings s), 0.8)
$$;

--
-- Name: FUNCTION co_purchase_weight(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.co_purchase_weight() IS 'What buying together counts in a recommendation; likeness to the person''s taste counts the rest. 0.8, measured by tests/bench/recommendations.py, unless private.settings says otherwise, or, for a session that tries something, set tidegate.co_purchase_weight. Definer: reads the settings.';

--
-- Name: comparison_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.comparison_limit() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(
    nullif(current_setting('tidegate.comparison_limit', true), '')::integer,
    (select s.comparison_limit from private.settings s), private.exact_search_limit())
$$;

--
-- Name: FUNCTION comparison_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.comparison_limit() IS 'Passages that one search compares: as many as private.exact_search_limit says, unless private.settings says otherwise, or, for a session that tries something, set tidegate.comparison_limit. Where a caller sees more, indexes are walked. Definer: reads the settings.';

--
-- Name: complete_invitation(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.complete_invitation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  new.email := lower(btrim(new.email));
  if new.organization_id is not null and new.role is null then
    new.role := 'viewer';
  end if;
  new.title := coalesce(
    (select o.name from public.organizations o where o.id = new.organization_id),
    (select d.title from public.documents d where d.id = new.document_id), '');
  new.inviter_email := (select lower(u.email) from auth.users u where u.id = new.invited_by and u.email_confirmed_at is not null);
  return new;
end $$;

--
-- Name: FUNCTION complete_invitation(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.complete_invitation() IS 'Row trigger: notes what is offered and who offers it, since the addressee reads neither. Definer: e-mail addresses are in auth.users.';

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.orders (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    buyer_id uuid,
    status text DEFAULT 'pending'::text NOT NULL,
    currency text NOT NULL,
    total numeric(14,2) NOT NULL,
    reason text,
    withdrawn_at timestamp with time zone,
    paid_at timestamp with time zone,
    shipped_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    refunded_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT orders_reason_check CHECK ((char_length(reason) <= 500)),
    CONSTRAINT orders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'paid'::text, 'shipped'::text, 'cancelled'::text, 'refunded'::text]))),
    CONSTRAINT orders_total_check CHECK ((total > (0)::numeric))
);

ALTER TABLE ONLY public.orders FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE orders; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.orders IS 'What was bought. Written by functions alone; the trigger keep_status holds every role to the order of its states.';

--
-- Name: COLUMN orders.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.id IS 'The order.';

--
-- Name: COLUMN orders.buyer_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.buyer_id IS 'Who bought; null once that account is closed, as the books must be kept.';

--
-- Name: COLUMN orders.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.status IS 'pending, then paid or cancelled; paid, then shipped or refunded; shipped, then refunded perhaps.';

--
-- Name: COLUMN orders.currency; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.currency IS 'ISO 4217 code of the total and of every line.';

--
-- Name: COLUMN orders.total; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.total IS 'Sum of its lines, exact.';

--
-- Name: COLUMN orders.reason; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.reason IS 'Why it was cancelled or refunded, in words for the buyer.';

--
-- Name: COLUMN orders.withdrawn_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.withdrawn_at IS 'When it was withdrawn; what was paid, or is being paid at that moment, goes back.';

--
-- Name: COLUMN orders.paid_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.paid_at IS 'When it was paid.';

--
-- Name: COLUMN orders.shipped_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.shipped_at IS 'When it left the house; its goods do not return to the stock after that.';

--
-- Name: COLUMN orders.cancelled_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.cancelled_at IS 'When it was cancelled.';

--
-- Name: COLUMN orders.refunded_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.refunded_at IS 'When the money had gone back.';

--
-- Name: COLUMN orders.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.created_at IS 'When it was placed.';

--
-- Name: COLUMN orders.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.orders.updated_at IS 'Last change.';

--
-- Name: complete_refund(public.orders); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.complete_refund(known public.orders) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if known.status not in ('paid', 'shipped') then
    return;
  end if;
  update public.orders o set status = 'refunded' where o.id = known.id;
  if known.shipped_at is null then
    perform private.return_stock(array[known.id]);
  end if;
end $$;

--
-- Name: FUNCTION complete_refund(known public.orders); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.complete_refund(known public.orders) IS 'The money went back; so do the goods, unless they were shipped. Definer: called under the order''s lock; granted to nobody.';

--
-- Name: corrected_words(text, private.query_term[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.corrected_words(query text, counted private.query_term[], scopes uuid[]) RETURNS SETOF private.query_term
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "pg_trgm.word_similarity_threshold" TO '0.4'
    AS $$
begin
  return query
    select private.stemmer(c.language), v.lexeme, t.word, c.likeness, 1::bigint, null::double precision,
           null::double precision
    from (
      select distinct lower(r.word) as word from regexp_split_to_table(query, '[^[:alpha:]]+') r (word)
      where char_length(r.word) between 4 and 40
        -- Unknown to every stemmer, and no stop word of any.
        and not exists (
          select from (select distinct k.stemmer from unnest(counted) k) k
          cross join lateral to_tsvector(('pg_catalog.' || k.stemmer)::regconfig, r.word) v (stems)
          where v.stems = '' or exists (
            select from unnest(counted) f
            where f.stemmer = k.stemmer and f.frequency > 0 and f.word = any (tsvector_to_array(v.stems))))
      limit 8) t
    cross join lateral (
      select p.language, n.word, greatest(
               extensions.similarity(t.word, n.word),
               -- Swapped letters leave few trigrams alike, and all letters.
               case when char_length(n.word) = char_length(t.word)
                         and private.sorted_letters(n.word) = private.sorted_letters(t.word) then 0.6 end
             )::double precision as likeness
      from public.products p
      cross join lateral regexp_split_to_table(lower(p.name), '[^[:alnum:]]+') n (word)
      where p.scope_id = any (scopes) and t.word operator(extensions.<%) p.name
      order by likeness desc, n.word limit 1) c
    cross join lateral unnest(to_tsvector(('pg_catalog.' || private.stemmer(c.language))::regconfig, c.word)) v
    where c.likeness >= 0.4;
end $$;

--
-- Name: FUNCTION corrected_words(query text, counted private.query_term[], scopes uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.corrected_words(query text, counted private.query_term[], scopes uuid[]) IS 'For words of a query that no passage has, the words of product names that are most like them. Definer: the trigram index cannot be used under a policy; otherwise as unposted_passages.';

--
-- Name: count_changed_passages(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.count_changed_passages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select c.scope_id, sum(c.passages), sum(c.tokens)
  from (
    select n.scope_id, 1 as passages, n.token_count as tokens from new_rows n
    union all
    select o.scope_id, -1, -o.token_count from old_rows o) c
  group by c.scope_id
  having sum(c.passages) <> 0 or sum(c.tokens) <> 0;
  return null;
end $$;

--
-- Name: FUNCTION count_changed_passages(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.count_changed_passages() IS 'Statement trigger on chunks, as count_new_passages. Definer: likewise.';

--
-- Name: count_new_passages(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.count_new_passages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select n.scope_id, count(*), sum(n.token_count) from new_rows n group by n.scope_id;
  return null;
end $$;

--
-- Name: FUNCTION count_new_passages(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.count_new_passages() IS 'Statement trigger on chunks. Definer: nobody else writes the counts.';

--
-- Name: count_removed_passages(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.count_removed_passages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select o.scope_id, -count(*), -sum(o.token_count) from old_rows o group by o.scope_id;
  return null;
end $$;

--
-- Name: FUNCTION count_removed_passages(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.count_removed_passages() IS 'Statement trigger on chunks, as count_new_passages. Definer: likewise.';

--
-- Name: counted_invitations(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.counted_invitations(sender uuid) RETURNS TABLE(addressee bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    select s.addressee from private.sent_invitations s
    where s.invited_by = sender and s.sent_at > now() - interval '24 hours'
    union all
    select private.invitation_addressee(i.email, i.user_id) from public.invitations i
    where i.invited_by = sender and i.status = 'pending' and i.expires_at > now()
      and not exists (
        select from private.sent_invitations s
        where s.invitation_id = i.id and s.sent_at > now() - interval '24 hours');
end $$;

--
-- Name: FUNCTION counted_invitations(sender uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.counted_invitations(sender uuid) IS 'To whom somebody sent what counts: an invitation of the last 24 hours, and an older one that is open. Definer: called by private.limit_invitations; granted to nobody.';

--
-- Name: counted_purchases(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.counted_purchases(of_user uuid) RETURNS TABLE(product_id uuid, latest bigint)
    LANGUAGE sql STABLE ROWS 20
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select i.product_id, max(i.id)
  from public.interactions i
  where i.user_id = of_user and i.kind = 'purchase'
    and not exists (select from private.interactions_to_fold q where q.interaction_id = i.id)
  group by i.product_id
$$;

--
-- Name: FUNCTION counted_purchases(of_user uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.counted_purchases(of_user uuid) IS 'Products that somebody bought, as far as that is counted.';

--
-- Name: counted_words(private.parsed_query, uuid[], bigint[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[]) RETURNS SETOF private.query_term
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  segments constant bigint[] := array(select s.id from private.posting_segments s where s.scope_id = any (scopes));
  -- A few words are looked for in each waiting passage; of many, and of prefixes, all words of these are counted once.
  counts_all constant boolean := cardinality(parsed.prefixes) > 0 or regexp_count(parsed.words, '\S+') > 8;
begin
  return query
    with waiting as materialized (
      select c.stemmer, v.lexeme collate "C" as word, count(*) as passages
      from public.chunks c cross join lateral unnest(c.search_vector) v
      where counts_all and c.id = any (direct)
      group by c.stemmer, v.lexeme
    ), stems as materialized (
      select s.prefix, s.stemmer, s.stem from private.prefix_stems(parsed.prefixes, scopes, direct) s
    ), prefixed as (
      select b.prefix, p.stemmer, p.word, p.size::bigint
      from unnest(parsed.prefixes) b (prefix)
      cross join lateral (
        select p.stemmer, p.word, p.size from private.postings p
        where p.segment_id = any (segments) and p.word >= b.prefix and p.word < b.prefix || chr(1114111)
        offset 0) p
      union all
      select s.prefix, s.stemmer, s.stem, p.size
      from stems s
      cross join lateral (
        select p.size from private.postings p
        where p.scope_id = any (scopes) and p.word = s.stem and p.stemmer = s.stemmer
        offset 0) p
      union all
      select b.prefix, g.stemmer, g.word, g.passages
      from waiting g join unnest(parsed.prefixes) b (prefix) on starts_with(g.word, b.prefix)
      union all
      select s.prefix, s.stemmer, s.stem, g.passages
      from stems s join waiting g on g.stemmer = s.stemmer and g.word = s.stem
    ), ranked as (
      select x.prefix, x.stemmer, x.word, sum(x.size)::bigint as frequency,
             row_number() over (partition by x.prefix order by sum(x.size) desc, x.word) as rank
      from prefixed x group by x.prefix, x.stemmer, x.word
    ), words as materialized (
      select w.stemmer, w.word, w.word as original, w.times, null::bigint as frequency
      from private.query_words(parsed.words) w
      union all
      select r.stemmer, r.word, r.prefix || '*', 1, r.frequency from ranked r where r.rank <= parsed.per_beginning)
    select w.stemmer, w.word, w.original, w.times::double precision,
           coalesce(w.frequency, (
             select coalesce(sum(p.size), 0) from private.postings p
             where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + case when counts_all then coalesce(g.passages, 0) else (
             select count(*) from public.chunks c
             where c.id = any (direct) and c.stemmer = w.stemmer
               and c.search_vector @@ private.word_query(w.word)) end),
           null::double precision, null::double precision
    from words w left join waiting g on g.stemmer = w.stemmer and g.word = w.word;
end $$;

--
-- Name: FUNCTION counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[]) IS 'Stems of a query, for a beginning the most frequent that have it, and how many passages of the audiences have each. Definer: as unposted_passages.';

--
-- Name: create_profile(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.create_profile() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  name constant text := private.person_name(new.raw_user_meta_data);
  phone constant text := private.e164(new.phone);
begin
  insert into public.profiles (id, display_name, phone, email)
  values (new.id, name, phone, private.free_email(new.email, new.id))
  on conflict do nothing;
  if not found then
    -- Somebody else took the address in this moment.
    insert into public.profiles (id, display_name, phone) values (new.id, name, phone) on conflict (id) do nothing;
  end if;
  return new;
end $$;

--
-- Name: FUNCTION create_profile(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.create_profile() IS 'Row trigger on auth.users: a profile for each account, whether it signs up by password, telephone, identity provider, invitation or as nobody in particular. Definer: the Auth service that inserts accounts has no rights on public.';

--
-- Name: decline_invitation(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.decline_invitation(invitation_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  mine public.invitations := private.my_invitation(invitation_id);
begin
  if mine.status in ('accepted', 'revoked') then
    raise sqlstate 'PT409' using message = format('The invitation is %s.', mine.status),
      hint = 'Leave the organization by deleting your membership, or the document by deleting the share.';
  elsif mine.status = 'pending' then
    update public.invitations i set status = 'declined' where i.id = mine.id returning i.* into mine;
  end if;
  return private.invitation_as_json(mine);
end $$;

--
-- Name: FUNCTION decline_invitation(invitation_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.decline_invitation(invitation_id uuid) IS 'As public.decline_invitation. Definer: as accept_invitation.';

--
-- Name: dissolve_deserted(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.dissolve_deserted() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  organizations uuid[];
begin
  -- The last owner stays, so that only an organization without an owner can lose its last member.
  if current_user = 'authenticated' then
    organizations := array(
      select o.organization_id from old_rows o where o.role < 'owner' group by o.organization_id
      having not exists (select from old_rows p where p.organization_id = o.organization_id and p.role = 'owner'));
    if organizations <> '{}' then
      perform private.remove_deserted(organizations);
    end if;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION dissolve_deserted(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.dissolve_deserted() IS 'Statement trigger on memberships: an organization that its last member leaves goes.';

--
-- Name: public_scope(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.public_scope(organization_id uuid) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select pg_catalog.md5('public documents of ' || organization_id::text)::uuid
$$;

--
-- Name: FUNCTION public_scope(organization_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.public_scope(organization_id uuid) IS 'Audience of the public documents of an organization: everybody while it may publish, else its members.';

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
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    scope_id uuid GENERATED ALWAYS AS (
CASE visibility
    WHEN 'public'::public.document_visibility THEN COALESCE(private.public_scope(organization_id), '00000000-0000-0000-0000-000000000000'::uuid)
    WHEN 'organization'::public.document_visibility THEN organization_id
    ELSE owner_id
END) STORED,
    CONSTRAINT "a document without owner_id belongs to an organization" CHECK (((owner_id IS NOT NULL) OR ((organization_id IS NOT NULL) AND (visibility <> 'private'::public.document_visibility)))),
    CONSTRAINT "content has at most 2,000,000 characters" CHECK ((char_length(content) <= 2000000)),
    CONSTRAINT "language is a code of 2 or 3 lower-case letters, such as en" CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT "metadata is a JSON object of at most 65,536 bytes" CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 65536))),
    CONSTRAINT "source_uri has at most 2,000 characters" CHECK ((char_length(source_uri) <= 2000)),
    CONSTRAINT "title has 1 to 500 characters, not all of them white space" CHECK (((char_length(title) <= 500) AND (title ~ '\S'::text))),
    CONSTRAINT "visibility organization needs an organization_id" CHECK (((visibility <> 'organization'::public.document_visibility) OR (organization_id IS NOT NULL)))
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
ALTER TABLE ONLY public.documents ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN updated_at SET STATISTICS 0;
ALTER TABLE ONLY public.documents ALTER COLUMN scope_id SET STATISTICS 1;
ALTER TABLE ONLY public.documents ALTER COLUMN scope_id SET (n_distinct=-0.05);

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
-- Name: COLUMN documents.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.created_at IS 'When it was made.';

--
-- Name: COLUMN documents.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.updated_at IS 'Last change of what people write.';

--
-- Name: COLUMN documents.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.documents.scope_id IS 'Derived audience: the organization''s public one, the organization, or the owner; everyone (…0) for what an administrator made public without an organization. Generated, so that no client can forge it.';

--
-- Name: document_bytes(public.documents); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.document_bytes(document public.documents) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  -- Long texts are measured without being read.
  select octet_length((document).content)::bigint + octet_length((document).title) + octet_length((document).metadata::text)
$$;

--
-- Name: FUNCTION document_bytes(document public.documents); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.document_bytes(document public.documents) IS 'Bytes of a document that count towards a limit.';

--
-- Name: document_of_file(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.document_of_file(name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: drop_embedding_model(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.drop_embedding_model(name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model private.embedding_models;
  shard smallint;
begin
  select m.* into model from private.embedding_models m where m.name = drop_embedding_model.name for update;
  if model.id is null then
    raise exception 'no embedding model is called %', drop_embedding_model.name using errcode = 'no_data_found';
  end if;
  if model.is_active then
    raise exception 'search uses %: activate another one first', model.name using errcode = 'object_in_use';
  end if;
  for shard in select s.id from private.shards s where s.model_id = model.id loop
    execute pg_catalog.format('drop index public.chunk_embeddings_shard_%s_idx', shard);
  end loop;
  execute pg_catalog.format('drop index public.chunk_embeddings_model_%s_idx', model.id);
  delete from private.embedding_models m where m.id = model.id;
end $$;

--
-- Name: FUNCTION drop_embedding_model(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.drop_embedding_model(name text) IS 'Removes a model that is not active with its vectors and indexes; run by the owner of the tables.';

--
-- Name: e164(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.e164(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  -- Auth stores numbers without the plus.
  select '+' || ltrim(phone, '+') where '+' || ltrim(phone, '+') ~ '^\+[1-9][0-9]{6,14}$'
$_$;

--
-- Name: FUNCTION e164(phone text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.e164(phone text) IS 'A telephone number in E.164 with the leading plus; null for what is none.';

--
-- Name: embedding_model_coverage(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.embedding_model_coverage() RETURNS TABLE(id smallint, name text, dimensions integer, is_active boolean, passages bigint, embedded bigint, waiting bigint)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    select m.id, m.name, m.dimensions, m.is_active, p.passages, v.embedded, v.waiting
    from private.embedding_models m
    cross join (select count(*) as passages from public.chunks) p
    cross join lateral (
      select count(*) as embedded, count(*) filter (where not e.is_indexed and e.shard_id = 0) as waiting
      from public.chunk_embeddings e where e.model_id = m.id) v
    order by m.id;
end $$;

--
-- Name: FUNCTION embedding_model_coverage(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.embedding_model_coverage() IS 'Every model, how many passages there are, how many have its vector, and how many of these no index holds. Run by the owner of the tables.';

--
-- Name: embedding_queue_status(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: embedding_seconds(bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.embedding_seconds(bytes bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 0.02 + 0.00003 * bytes $$;

--
-- Name: FUNCTION embedding_seconds(bytes bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.embedding_seconds(bytes bigint) IS 'About the time that embedding a text takes: 20 ms, and 30 ms a kilobyte.';

--
-- Name: empty_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.empty_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- As whoever deletes it: what refers to the account in a transaction under way is seen here, and removed with the rest.
  perform from auth.users u where u.id = new.id for update;
  if exists (select from private.removals r where r.kind = 'account' and r.subject_id = new.id) then
    return null;
  elsif private.is_large_account(new.id) then
    perform private.begin_emptying(new.id, false);
    return null;
  end if;
  perform private.remove_own_organizations(new.id);
  perform private.forget_uploader(new.id);
  delete from public.memberships m where m.user_id = new.id;
  delete from public.invitations i where i.invited_by = new.id;
  delete from public.documents d where d.owner_id = new.id and (d.organization_id is null or d.visibility = 'private');
  update public.documents d set owner_id = null where d.owner_id = new.id;
  delete from public.document_shares s where s.user_id = new.id;
  update public.organizations o set created_by = null where o.created_by = new.id;
  perform private.leave_orders(new.id);
  update public.orders o set buyer_id = null where o.buyer_id = new.id;
  delete from private.order_requests r where r.buyer_id = new.id;
  delete from public.interactions i where i.user_id = new.id;
  delete from private.paired_purchases p where p.user_id = new.id;
  delete from public.profiles p where p.id = new.id;
  return null;
end $$;

--
-- Name: FUNCTION empty_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.empty_account() IS 'Row trigger on auth.users: an account that Auth only marks as deleted (should_soft_delete) loses what a deleted one does. Definer: as leave_organizations.';

--
-- Name: end_shares_of_leaver(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.end_shares_of_leaver() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  left_by record;
begin
  for left_by in
    select l.* from (
      select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
      where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
    cross join lateral private.leavers(p.u, p.o) l
  loop
    delete from public.document_shares s using public.documents d
    where s.user_id = any (left_by.user_ids) and d.id = s.document_id and d.visibility <> 'private'
      and d.organization_id = any (left_by.organization_ids);
  end loop;
  return null;
end $$;

--
-- Name: FUNCTION end_shares_of_leaver(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.end_shares_of_leaver() IS 'Statement trigger on memberships: who leaves an organization keeps no share of its documents. Definer: shares are the owner''s to delete, not the remover''s.';

--
-- Name: enforce_holds(uuid, uuid[], integer[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  most record;
  held record;
begin
  -- A limit that is missing is an error, never unlimited.
  select coalesce(max(l.allowed) filter (where l.name = 'open_orders'), private.limit_of('open_orders')) as orders,
         coalesce(max(l.allowed) filter (where l.name = 'orders_per_hour'), private.limit_of('orders_per_hour')) as orders_per_hour,
         coalesce(max(l.allowed) filter (where l.name = 'reserved_units'), private.limit_of('reserved_units')) as units,
         coalesce(max(l.allowed) filter (where l.name = 'reserved_units_of_product'),
                  private.limit_of('reserved_units_of_product')) as units_of_product
  into most
  from private.limits l;
  -- Counted no further than to the limit, so that no history makes this slow.
  with recent as (
    select from public.orders o where o.buyer_id = buyer and o.created_at > now() - interval '1 hour'
    limit most.orders_per_hour
  ), unpaid as materialized (
    select o.id from public.orders o where o.buyer_id = buyer and o.status = 'pending' limit most.orders
  ), lines as materialized (
    select i.product_id, i.quantity from unpaid u join public.order_items i on i.order_id = u.id
  ), wanted as (
    select w.id, w.quantity + coalesce((select sum(l.quantity) from lines l where l.product_id = w.id), 0) as units
    from unnest(product_ids, quantities) w (id, quantity)
  )
  select (select count(*) + 1 from recent) as orders_per_hour,
         (select count(*) + 1 from unpaid) as orders,
         (select coalesce(sum(l.quantity), 0) from lines l) + (select sum(q.n) from unnest(quantities) q (n)) as units,
         max(w.units) as units_of_product,
         (array_agg(w.id order by w.units desc, w.id))[1] as product_id
  into held
  from wanted w;
  if held.orders_per_hour <= most.orders_per_hour and held.orders <= most.orders and held.units <= most.units
    and held.units_of_product <= most.units_of_product
  then
    return;
  end if;
  -- Whoever may write the stock gains nothing by holding it.
  if private.is_staff() then
    return;
  end if;
  if held.orders > most.orders then
    perform private.refuse_hold('open_orders', held.orders, null);
  elsif held.units_of_product > most.units_of_product then
    perform private.refuse_hold('reserved_units_of_product', held.units_of_product::bigint, held.product_id);
  elsif held.units > most.units then
    perform private.refuse_hold('reserved_units', held.units::bigint, null);
  end if;
  perform private.enforce_limit('orders_per_hour', held.orders_per_hour, 'PT429');
end $$;

--
-- Name: FUNCTION enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]) IS 'Refuses an order by which somebody would hold too much without having paid, or who orders too often; staff may. Definer: called by place_order under the buyer''s lock; granted to nobody.';

--
-- Name: enforce_interaction_rate(uuid, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_interaction_rate(person uuid, noted bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  this_moment constant timestamptz := clock_timestamp();
  total bigint;
begin
  -- The row is locked to the end of the transaction: requests of one person wait for each other, and for nobody else.
  insert into private.interaction_rates as r (user_id, began_at, times) values (person, this_moment, noted)
  on conflict (user_id) do update
  set (began_at, times) = (
    select case when k.is_running then r.began_at else this_moment end, case when k.is_running then r.times else 0 end + noted
    -- Also when it began after this moment, while this request waited for another one; not when the clock was set back.
    from (
      select r.began_at between this_moment - interval '1 minute' and this_moment + interval '1 minute' as is_running) k)
  returning r.times into total;
  perform private.enforce_limit('interactions_per_minute', total, 'PT429');
end $$;

--
-- Name: FUNCTION enforce_interaction_rate(person uuid, noted bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enforce_interaction_rate(person uuid, noted bigint) IS 'Counts so many looks and carts more in the person''s minute; PT429 beyond the limit. What is refused is not counted. Definer: nobody writes the counts; called by a trigger, granted to nobody.';

--
-- Name: enforce_limit(text, bigint, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_limit(name text, actual bigint, status text DEFAULT 'PT403'::text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  allowed constant bigint := private.limit_of(name);
begin
  if actual > allowed then
    raise exception 'At most % % are allowed; this would be %.',
      allowed, (select l.what from private.limits l where l.name = enforce_limit.name), actual
      using errcode = status,
            detail = jsonb_build_object('limit', name, 'allowed', allowed, 'actual', actual)::text,
            hint = format('Operators change it by update private.limits set allowed = … where name = %L.', name);
  end if;
end $$;

--
-- Name: FUNCTION enforce_limit(name text, actual bigint, status text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enforce_limit(name text, actual bigint, status text) IS 'Raises PT403 (or the given PTxyz: 429 for rates, 413 for sizes) when the count is over the limit of this name. Definer: reads the table.';

--
-- Name: enforce_row_level_security(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_row_level_security() RETURNS event_trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: enforce_rows_per_write(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enforce_rows_per_write() RETURNS trigger
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- What functions write that a person calls has limits of its own.
  if current_user = 'authenticated' then
    perform private.enforce_limit('rows_per_write', (select count(*) from new_rows), 'PT413');
  end if;
  return null;
end $$;

--
-- Name: FUNCTION enforce_rows_per_write(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enforce_rows_per_write() IS 'Statement trigger on what people write: a statement has a bounded number of rows.';

--
-- Name: enqueue_embeddings(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  next_turn constant timestamptz := coalesce((
    select j.turn from private.embedding_jobs j
    where j.parked_at is null and j.available_at <= now()
    order by j.turn, j.revision limit 1), now());
begin
  if cardinality(document_ids) + cardinality(product_ids) = 0 then
    return;
  end if;
  -- In one order, so that two statements over the same sources queue instead of deadlocking. Nothing is locked for a
  -- tenant: two transactions that do not see each other get the same turns.
  insert into private.embedding_jobs as j (document_id, product_id, tenant_id, is_short, turn, turn_ends)
    with sources as materialized (
      select s.*, s.bytes <= 4000 as is_short, private.embedding_seconds(s.bytes) as seconds
      from (
        select d.id as document_id, null::uuid as product_id,
               coalesce(d.organization_id, d.owner_id, '00000000-0000-0000-0000-000000000000') as tenant_id,
               octet_length(d.content) as bytes
        from public.documents d where d.id = any (document_ids)
        union all
        select null, p.id, '00000000-0000-0000-0000-000000000000', octet_length(p.description)
        from public.products p where p.id = any (product_ids)) s
    ), flows as materialized (
      select f.tenant_id, f.is_short, greatest(next_turn, (
        select q.turn_ends from private.embedding_jobs q
        where q.parked_at is null and q.tenant_id = f.tenant_id and q.is_short = f.is_short
        order by q.turn_ends desc limit 1)) as begins
      from (select distinct s.tenant_id, s.is_short from sources s) f
    )
    select s.document_id, s.product_id, s.tenant_id, s.is_short,
           f.begins + make_interval(secs => sum(s.seconds) over w - s.seconds),
           f.begins + make_interval(secs => sum(s.seconds) over w)
    from sources s join flows f on f.tenant_id = s.tenant_id and f.is_short = s.is_short
    window w as (partition by s.tenant_id, s.is_short order by s.seconds, s.document_id, s.product_id)
    order by s.document_id, s.product_id
  on conflict (source_id) do update
    set revision = nextval('private.embedding_job_revisions'),
        attempts = 0, available_at = now(), parked_at = null, last_error = null,
        tenant_id = excluded.tenant_id, is_short = excluded.is_short,
        -- What waits keeps its place, unless it takes longer now: what was taken has had its turn.
        (turn, turn_ends) = (
          select t.turn, t.turn_ends
          from (values (j.turn, j.turn_ends, true), (excluded.turn, excluded.turn_ends, false)) t (turn, turn_ends, is_kept)
          where t.is_kept = (
            j.attempts = 0 and j.parked_at is null and j.tenant_id = excluded.tenant_id and j.is_short = excluded.is_short
            and j.turn_ends - j.turn + interval '1 ms' >= excluded.turn_ends - excluded.turn));
  perform pg_catalog.pg_notify('embedding_jobs', '');
end $$;

--
-- Name: FUNCTION enqueue_embeddings(document_ids uuid[], product_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) IS 'Notes documents and products to embed, afresh when already noted, gives each its turn, and wakes the worker. Definer: people write the texts, not the queue.';

--
-- Name: exact_search_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.exact_search_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 40000 $$;

--
-- Name: FUNCTION exact_search_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.exact_search_limit() IS 'Passages up to which all are compared: about 0.8 microseconds each. A collection that has no more is not indexed.';

--
-- Name: expire_invitations(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.expire_invitations(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  expired integer;
  forgotten integer;
  counted_no_more integer;
begin
  update public.invitations i set status = 'expired'
  where i.id in (
    select e.id from public.invitations e where e.status = 'pending' and e.expires_at <= now()
    order by e.expires_at limit max_rows for no key update skip locked);
  get diagnostics expired = row_count;
  delete from public.invitations i
  where i.id in (
    select a.id from public.invitations a where a.answered_at < now() - interval '30 days'
    order by a.answered_at limit max_rows for update skip locked);
  get diagnostics forgotten = row_count;
  delete from private.sent_invitations s
  where s.invitation_id in (
    select o.invitation_id from private.sent_invitations o where o.sent_at < now() - interval '24 hours'
    order by o.sent_at limit max_rows for update skip locked);
  get diagnostics counted_no_more = row_count;
  return expired + forgotten + counted_no_more;
end $$;

--
-- Name: FUNCTION expire_invitations(max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.expire_invitations(max_rows integer) IS 'Marks up to max_rows invitations as expired, removes up to as many that were answered more than 30 days ago and as many notes of what was sent more than 24 hours ago, and says how many it was. Definer: the worker has no rights on them.';

--
-- Name: expire_orders(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.expire_orders(max_orders integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
declare
  placed_before constant timestamptz := now() - private.unpaid_order_interval();
  looked_at integer;
  due uuid[];
  free uuid[];
  ready uuid[];
begin
  -- Whoever pays, cancels, sells or counts at this moment goes first: nothing here waits for a lock. An order that is locked,
  -- or of which any goods are, is left to the next time; where that keeps back the oldest, more are looked at.
  foreach looked_at in array array[max_orders, 10 * max_orders] loop
    due := array(
      select o.id from public.orders o join private.payment_jobs j on j.order_id = o.id and j.kind = 'charge'
      where o.status = 'pending' and o.withdrawn_at is null and o.created_at < placed_before
        and j.done_at is null and not j.is_sent
      order by o.created_at limit looked_at for no key update of o, j skip locked);
    free := array(
      select p.id from public.products p
      where p.id in (select i.product_id from public.order_items i where i.order_id = any (due))
      order by p.id for update skip locked);
    ready := array(
      select d.id from unnest(due) with ordinality d (id, place)
      where not exists (select from public.order_items i where i.order_id = d.id and i.product_id <> all (free))
      order by d.place limit max_orders);
    exit when ready <> '{}' or cardinality(due) < looked_at;
  end loop;
  if ready <> '{}' then
    perform private.withdraw_pending(ready, 'Not paid in time.');
  end if;
  return cardinality(ready);
end $$;

--
-- Name: FUNCTION expire_orders(max_orders integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.expire_orders(max_orders integer) IS 'Cancels up to max_orders orders that have waited too long to be paid, oldest first, so that their goods are on sale again, and says of how many. Definer: the worker has no rights on orders.';

--
-- Name: failed_documents_as(text, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.failed_documents_as(claims text, max_rows integer) RETURNS TABLE(id uuid, title text, error text, updated_at timestamp with time zone)
    LANGUAGE plpgsql ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.become(claims);
  return query
    select d.id, d.title, left(d.error, 1000), d.updated_at from public.documents d
    where d.status = 'failed'
      -- Theirs to mend: readers of a public document need not know what an embedder said of it.
      and (d.owner_id = auth.uid() or d.organization_id in (select private.my_organizations('editor')))
    order by d.updated_at desc limit max_rows;
end $$;

--
-- Name: FUNCTION failed_documents_as(claims text, max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.failed_documents_as(claims text, max_rows integer) IS 'Documents of the caller of these verified claims, or of the caller''s organizations, that could not be embedded, with at most 1,000 characters of why. In autocommit only.';

--
-- Name: fewest_people(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.fewest_people() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 3 $$;

--
-- Name: FUNCTION fewest_people(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.fewest_people() IS 'People who must have paid for both of two products before anybody is shown so: what one or two bought is not told, and an account that never paid is none of them.';

--
-- Name: filtered_sources(text[], uuid[], text, numeric, numeric, boolean, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if 'documents' = any (kinds) then
    return query
      select d.id from public.documents d
      where (organization_ids is null or d.organization_id = any (organization_ids))
        and (filtered_sources.metadata is null or d.metadata @> filtered_sources.metadata);
  end if;
  if 'products' = any (kinds) then
    return query
      select p.id from public.products p join public.categories c on c.id = p.category_id
      where (filtered_sources.category is null or c.slug = filtered_sources.category)
        and (price_min is null or p.price >= price_min)
        and (price_max is null or p.price <= price_max)
        and (in_stock is null or p.is_in_stock = in_stock)
        and (filtered_sources.metadata is null or p.metadata @> filtered_sources.metadata);
  end if;
end $$;

--
-- Name: FUNCTION filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) IS 'Documents and products that pass the filters, as the caller sees them.';

--
-- Name: fold_interactions(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.fold_interactions(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms'
    AS $$
declare
  taken bigint[];
  counting bigint[];
  users uuid[];
  products uuid[];
begin
  -- One at a time: two would wait for each other's scores. Whoever comes second has nothing to do.
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  taken := private.take_purchases(max_rows);
  counting := array(
    select i.id from public.interactions i join auth.users u on u.id = i.user_id
    where i.id = any (taken) and u.deleted_at is null);
  if cardinality(counting) = 0 then
    return cardinality(taken);
  end if;
  perform private.fold_popularity(counting);
  -- Who had bought it before counts already.
  select array_agg(n.user_id), array_agg(n.product_id) into users, products
  from (
    select distinct i.user_id, i.product_id from public.interactions i
    where i.id = any (counting) and i.kind = 'purchase'
      and not exists (
        select from public.interactions e
        where e.user_id = i.user_id and e.product_id = i.product_id and e.kind = 'purchase' and not e.id = any (counting)
          and not exists (select from private.interactions_to_fold q where q.interaction_id = e.id))
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = i.user_id and t.product_id = i.product_id)) n;
  if users is not null then
    perform private.add_pairs(users, products);
  end if;
  return cardinality(taken);
end $$;

--
-- Name: FUNCTION fold_interactions(max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.fold_interactions(max_rows integer) IS 'Counts up to max_rows purchases: popularity, and pairs of products that the same person bought. Says how many were taken. Gives way after half a second to whoever holds a product''s row. Definer: the worker has no right to what people do.';

--
-- Name: fold_popularity(bigint[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.fold_popularity(interaction_ids bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  with done as (
    select private.interaction_key(i.user_id, i.product_id, 'purchase', i.created_at) as key,
           i.product_id, min(i.created_at) as at, count(*)::integer as times
    from public.interactions i where i.id = any (interaction_ids) and i.kind = 'purchase'
    group by 1, 2
  ), counted as (
    insert into private.counted_interactions as c (key, kind, day, times)
    select d.key, 'purchase', (d.at at time zone 'utc')::date, d.times from done d
    on conflict (key) do update set times = c.times + excluded.times, counted_at = now()
    returning c.key, c.times
  ), news as (
    select d.product_id, private.popularity_exponent(d.at) as exponent
    from done d join counted c on c.key = d.key and c.times = d.times
  ), sums as (
    select n.product_id, sum(private.purchase_weight() * private.power_of_two(n.exponent - t.top)) as amount,
           min(t.top) as exponent
    from news n join (select m.product_id, max(m.exponent) as top from news m group by m.product_id) t using (product_id)
    group by n.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
end $$;

--
-- Name: FUNCTION fold_popularity(interaction_ids bigint[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.fold_popularity(interaction_ids bigint[]) IS 'Counts these purchases, once for each person, product and day. Definer: as fold_interactions, which calls it.';

--
-- Name: follow_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.follow_account() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  begin
    update public.profiles p set email = private.free_email(new.email, new.id)
    where p.id = new.id and p.email is distinct from lower(new.email);
  exception when unique_violation then
    -- Somebody else took the address in this moment; Auth itself decides who signs in with it.
    update public.profiles p set email = null where p.id = new.id;
  end;
  -- A number that the person has not changed follows the one of the account.
  update public.profiles p set phone = private.e164(new.phone)
  where p.id = new.id and new.phone is distinct from old.phone and p.phone is not distinct from private.e164(old.phone);
  return null;
end $$;

--
-- Name: FUNCTION follow_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.follow_account() IS 'Row trigger on auth.users: the profile has the account''s address, and its number until the person chooses another. Definer: as create_profile.';

--
-- Name: forbid_appointing(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forbid_appointing() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if current_user = 'authenticated' then
    raise exception 'nobody becomes an owner without accepting it'
      using errcode = 'insufficient_privilege', hint = 'Send an invitation with the role owner.';
  end if;
  return new;
end $$;

--
-- Name: FUNCTION forbid_appointing(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forbid_appointing() IS 'Row trigger on memberships: ownership is accepted, not given.';

--
-- Name: forbid_temporary_objects(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forbid_temporary_objects() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  keeper name;
begin
  execute format('revoke temporary on database %I from public', current_database());
  -- Supabase's own services keep what they had; the owner of the database, postgres, has it anyway.
  for keeper in select r.rolname from pg_roles r where r.rolname ~ '^supabase_' or r.rolname = 'dashboard_user' loop
    execute format('grant temporary on database %I to %I', current_database(), keeper);
  end loop;
  if has_database_privilege('anon', current_database(), 'temporary') then
    raise exception 'PUBLIC may still create temporary objects in the database %', current_database()
      using errcode = 'insufficient_privilege',
            hint = format('Run as the owner of the database: revoke temporary on database %I from public.', current_database());
  end if;
end $$;

--
-- Name: FUNCTION forbid_temporary_objects(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forbid_temporary_objects() IS 'Takes from everybody but Supabase''s services the right to create temporary objects in this database. The owner of the database runs it again in a copy: neither create database … template nor a plain dump carries rights to a database.';

--
-- Name: forget_counted(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_counted() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  forgotten integer;
begin
  delete from private.counted_interactions c
  where c.key in (
    select o.key from private.counted_interactions o
    where o.counted_at < now() - interval '90 days'
      -- Where the worker is behind, the same may still come.
      and o.day < coalesce((
        select (min(i.created_at) at time zone 'utc')::date - 1
        from public.interactions i
        where i.id = (select min(q.interaction_id) from private.interactions_to_fold q)), (now() at time zone 'utc')::date - 1)
    order by o.counted_at limit 5000);
  get diagnostics forgotten = row_count;
  delete from private.interaction_rates r
  where r.began_at < now() - interval '1 hour'
    and r.user_id in (select o.user_id from private.interaction_rates o where o.began_at < now() - interval '1 hour' limit 5000);
  return forgotten;
end $$;

--
-- Name: FUNCTION forget_counted(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_counted() IS 'Forgets purchases that count next to nothing any more should they be taken back, and rates of minutes that are over. Says of how many purchases. Definer: as fold_interactions.';

--
-- Name: forget_creator(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_creator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  left_by record;
begin
  for left_by in
    select l.* from (
      select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
      where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
    cross join lateral private.leavers(p.u, p.o) l
  loop
    update public.organizations o set created_by = null
    where o.created_by = any (left_by.user_ids) and o.id = any (left_by.organization_ids);
  end loop;
  return null;
end $$;

--
-- Name: FUNCTION forget_creator(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_creator() IS 'Statement trigger on memberships: a creator who left no longer reads the organization. Definer: the leaver may not update it.';

--
-- Name: forget_customer(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_customer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if exists (select from public.orders o where o.id = new.order_id and o.buyer_id is null) then
    new.customer_id := null;
  end if;
  return new;
end $$;

--
-- Name: FUNCTION forget_customer(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_customer() IS 'Row trigger: a payment that is done no longer says whose it was when the account is closed. Definer: as owe_refund.';

--
-- Name: forget_pairs(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_pairs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  delete from private.product_pairs p using old_rows o, private.product_pairs q
  where q.product_id = o.id and p.product_id = q.other_id and p.other_id = o.id;
  delete from private.product_pairs p using old_rows o where p.product_id = o.id;
  delete from private.product_buyers b using old_rows o where b.product_id = o.id;
  return null;
end $$;

--
-- Name: FUNCTION forget_pairs(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_pairs() IS 'Statement trigger on products that are deleted, in place of foreign keys. Definer: staff has no right to the counts.';

--
-- Name: forget_uploader(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.forget_uploader(person uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- No trigger can be added while this is held.
  lock table storage.objects in row exclusive mode;
  if exists (
    select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where t.tgrelid = 'storage.objects'::regclass and not t.tgisinternal
      and (t.tgqual is not null or p.pronamespace <> 'storage'::regnamespace)
  ) then
    raise warning 'storage.objects has triggers that are not Storage''s: files keep the id of who put them there';
    return;
  end if;
  update storage.objects o set owner = null, owner_id = null where o.owner = person or o.owner_id = person::text;
end $$;

--
-- Name: FUNCTION forget_uploader(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.forget_uploader(person uuid) IS 'Files no longer say that this person put them there. It runs in definers, and where a role of the API holds the privilege TRIGGER on Storage''s tables, anybody with a leaked login could have an expression of theirs run with it.';

--
-- Name: free_email(text, uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.free_email(email text, person uuid) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select lower(free_email.email)
  where free_email.email <> ''
    and not exists (select from public.profiles p where p.email = lower(free_email.email) and p.id <> person)
$$;

--
-- Name: FUNCTION free_email(email text, person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.free_email(email text, person uuid) IS 'An address in lower case, unless somebody else''s profile has it; null otherwise, and for none.';

--
-- Name: has_room_for_file(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.has_room_for_file(name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  document constant text := private.document_of_file(has_room_for_file.name)::text;
  allowed constant bigint := private.limit_of('files_of_document');
  others bigint;
begin
  perform pg_advisory_xact_lock(hashtextextended('files of ' || document, 0));
  select count(*) into others from storage.objects o
  where o.bucket_id = 'documents' and o.name ~>=~ (document || '/') and o.name ~<~ (document || '0')
    and o.name <> has_room_for_file.name;
  return others < allowed;
end $$;

--
-- Name: FUNCTION has_room_for_file(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.has_room_for_file(name text) IS 'Whether a file of this name fits among those of its document. For the policies of Storage, after they have asked who may write: whatever an error of theirs said, Storage would say that the policy is violated. Definer: reads the limit.';

--
-- Name: heartbeat(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- A lock that would hold up every search holds this up as well.
  perform from public.chunks c where c.id = 0;
  perform from public.chunk_embeddings e where e.chunk_id = 0;
  perform from public.documents d where d.id = '00000000-0000-0000-0000-000000000000';
  perform from public.products p where p.id = '00000000-0000-0000-0000-000000000000';
  -- Whatever is not committed now has a transaction from this one on.
  next := pg_snapshot_xmin(pg_current_snapshot());
  select coalesce(bool_or(r.everything), false),
         coalesce(array_agg(distinct p.id) filter (where p.id is not null), '{}'),
         coalesce(array_agg(distinct s.id) filter (where s.id is not null), '{}')
  into everything, people, sources
  from private.rights_lost r
  left join lateral unnest(r.people) p (id) on true
  left join lateral unnest(r.sources) s (id) on true
  where r.xid >= since::xid8;
  behind_s := case when pg_is_in_recovery()
                then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) else 0 end;
end $$;

--
-- Name: FUNCTION heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision) IS 'Answers if searches could be: and says which rights ended since the call that gave `since` as its `next` (null: none), and how many seconds a replica is behind. Definer: reads private.rights_lost.';

--
-- Name: hold(uuid, boolean, bigint, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  held private.holdings;
  kind constant text := case when organization then 'organization' else 'person' end;
begin
  -- The row is locked to the end of the transaction: writes of one holder wait for each other, and for nobody else.
  insert into private.holdings as h (holder_id, is_organization, documents, bytes)
  values (holder, organization, more_documents, more_bytes)
  on conflict (holder_id) do update set documents = h.documents + more_documents, bytes = h.bytes + more_bytes
  returning * into held;
  if private.is_held_to_limits() then
    if more_documents > 0 then
      perform private.enforce_limit('documents_of_' || kind, held.documents);
    end if;
    if more_bytes > 0 then
      perform private.enforce_limit('document_bytes_of_' || kind, held.bytes, 'PT413');
    end if;
  end if;
end $$;

--
-- Name: FUNCTION hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint) IS 'Adds to what a holder has, or takes away; refuses what is over a limit. Definer: nobody writes the counts.';

--
-- Name: hold_changed_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.hold_changed_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.hold(n.holder, n.organization, n.documents, n.bytes)
  from (
    select c.holder, c.organization, sum(c.documents)::bigint as documents, sum(c.bytes)::bigint as bytes
    from (
      select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
             not (r.organization_id is null or r.visibility = 'private') as organization,
             1 as documents, private.document_bytes(r) as bytes
      from new_rows r
      union all
      select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end,
             not (r.organization_id is null or r.visibility = 'private'), -1, -private.document_bytes(r)
      from old_rows r) c
    group by 1, 2
    having sum(c.documents) <> 0 or sum(c.bytes) <> 0
    order by 1) n
  where n.holder is not null;
  return null;
end $$;

--
-- Name: FUNCTION hold_changed_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.hold_changed_documents() IS 'Statement trigger on documents: counts texts that grew, and documents that went to another holder. Definer: as private.hold.';

--
-- Name: hold_new_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.hold_new_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.hold(n.holder, n.organization, n.documents, n.bytes)
  from (
    select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
           not (r.organization_id is null or r.visibility = 'private') as organization,
           count(*) as documents, sum(private.document_bytes(r))::bigint as bytes
    from new_rows r group by 1, 2 order by 1) n
  where n.holder is not null;
  return null;
end $$;

--
-- Name: FUNCTION hold_new_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.hold_new_documents() IS 'Statement trigger on documents: counts new ones. Definer: as private.hold.';

--
-- Name: hold_removed_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.hold_removed_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.hold(n.holder, n.organization, -n.documents, -n.bytes)
  from (
    select case when r.organization_id is null or r.visibility = 'private' then r.owner_id else r.organization_id end as holder,
           not (r.organization_id is null or r.visibility = 'private') as organization,
           count(*) as documents, sum(private.document_bytes(r))::bigint as bytes
    from old_rows r group by 1, 2 order by 1) n
  where n.holder is not null;
  delete from private.holdings h
  where h.documents = 0 and h.holder_id in (select o.owner_id from old_rows o union all select o.organization_id from old_rows o);
  return null;
end $$;

--
-- Name: FUNCTION hold_removed_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.hold_removed_documents() IS 'Statement trigger on documents: counts those that are gone no more. Definer: as private.hold.';

--
-- Name: index_embeddings(integer, integer, smallint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.index_embeddings(max_rows integer, tolerated integer, of_model smallint DEFAULT NULL::smallint) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model constant smallint := coalesce(of_model, (private.active_embedding_model()).id);
  filling private.shards;
  indexed integer := 0;
begin
  select s.* into filling from private.shards s where s.model_id = model and not s.is_complete limit 1;
  if found then
    update public.chunk_embeddings e set shard_id = filling.id, is_indexed = false
    from (
      select w.chunk_id from public.chunk_embeddings w
      where w.scope_id = filling.scope_id and w.model_id = model and w.is_indexed
      limit max_rows for no key update) w
    where e.chunk_id = w.chunk_id and e.model_id = model;
    get diagnostics indexed = row_count;
    update private.shards s set is_complete = true where s.id = filling.id and indexed = 0;
  end if;
  if indexed > 0
    or not exists (
      select from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.shard_id = 0 offset tolerated limit 1)
    or not exists (
      select from public.chunk_embeddings e where e.model_id = model offset private.exact_search_limit() limit 1)
  then
    return indexed;
  end if;
  update public.chunk_embeddings e set is_indexed = w.shard_id is null, shard_id = coalesce(w.shard_id, 0)
  from (
    select w.chunk_id, (select s.id from private.shards s where s.scope_id = w.scope_id and s.model_id = model) as shard_id
    from public.chunk_embeddings w
    where w.model_id = model and not w.is_indexed and w.shard_id = 0
    limit max_rows for no key update skip locked) w
  where e.chunk_id = w.chunk_id and e.model_id = model;
  get diagnostics indexed = row_count;
  return indexed;
end $$;

--
-- Name: FUNCTION index_embeddings(max_rows integer, tolerated integer, of_model smallint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer, of_model smallint) IS 'Puts up to max_rows vectors of a model, the active one unless another is given, into their index, a giant''s or the common one, when more than tolerated wait and the collection is large enough to want one; says how many. Definer: the worker sees only what has a job, and these have none.';

--
-- Name: interaction_key(uuid, uuid, public.interaction_kind, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select md5(uuid_send(user_id) || uuid_send(product_id)
    || int8send(case kind when 'view' then 0 when 'cart' then 1 else 2 end
                + 3 * ((at at time zone 'utc')::date - date '2026-01-01')))::uuid
$$;

--
-- Name: FUNCTION interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamp with time zone); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamp with time zone) IS 'What counts once, however often it was bought.';

--
-- Name: invitation_addressee(text, uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.invitation_addressee(email text, user_id uuid) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select sha256(convert_to(coalesce(user_id::text, email), 'UTF8'))
$$;

--
-- Name: FUNCTION invitation_addressee(email text, user_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.invitation_addressee(email text, user_id uuid) IS 'Stands for the addressee of an invitation where it is counted, so that no address is kept there.';

--
-- Name: invitation_expiry(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.invitation_expiry() RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select now() + coalesce((select s.invitation_days from private.settings s), 14) * interval '1 day'
$$;

--
-- Name: FUNCTION invitation_expiry(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.invitation_expiry() IS 'When an invitation that is sent now expires: in 14 days unless private.settings says otherwise. Definer: reads the settings.';

--
-- Name: invitations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.invitations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid,
    role public.membership_role,
    document_id uuid,
    email text,
    user_id uuid,
    status public.invitation_status DEFAULT 'pending'::public.invitation_status NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    invited_by uuid DEFAULT auth.uid(),
    inviter_email text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT private.invitation_expiry() NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT "either email or user_id is given, not both" CHECK ((num_nonnulls(email, user_id) = 1)),
    CONSTRAINT "either organization_id or document_id is given, not both" CHECK ((num_nonnulls(organization_id, document_id) = 1)),
    CONSTRAINT "email is a lower-case address of at most 254 characters" CHECK (((email = lower(email)) AND (char_length(email) <= 254) AND (email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+$'::text))),
    CONSTRAINT "role is given with organization_id, and not with document_id" CHECK (((role IS NULL) = (organization_id IS NULL)))
);
ALTER TABLE ONLY public.invitations ALTER COLUMN organization_id SET STATISTICS 1;
ALTER TABLE ONLY public.invitations ALTER COLUMN organization_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.invitations ALTER COLUMN role SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN document_id SET STATISTICS 1;
ALTER TABLE ONLY public.invitations ALTER COLUMN document_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.invitations ALTER COLUMN email SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN user_id SET STATISTICS 1;
ALTER TABLE ONLY public.invitations ALTER COLUMN user_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.invitations ALTER COLUMN status SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN invited_by SET STATISTICS 1;
ALTER TABLE ONLY public.invitations ALTER COLUMN invited_by SET (n_distinct=-0.05);
ALTER TABLE ONLY public.invitations ALTER COLUMN inviter_email SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN expires_at SET STATISTICS 0;
ALTER TABLE ONLY public.invitations ALTER COLUMN answered_at SET STATISTICS 0;

ALTER TABLE ONLY public.invitations FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE invitations; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.invitations IS 'Offers of a membership, of ownership, or of a share of a document. Nothing is given before the addressee accepts. An invitation by e-mail belongs to the account that has verified the address, also one that is made later.';

--
-- Name: COLUMN invitations.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.id IS 'The invitation.';

--
-- Name: COLUMN invitations.organization_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.organization_id IS 'The organization to join, or null.';

--
-- Name: COLUMN invitations.role; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.role IS 'The role offered there; viewer unless another is named.';

--
-- Name: COLUMN invitations.document_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.document_id IS 'The document to read, or null.';

--
-- Name: COLUMN invitations.email; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.email IS 'Address of the addressee in lower case, or null.';

--
-- Name: COLUMN invitations.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.user_id IS 'Account of the addressee, or null. No foreign key: an invitation must not tell whether the account exists.';

--
-- Name: COLUMN invitations.status; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.status IS 'Where it stands.';

--
-- Name: COLUMN invitations.title; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.title IS 'Name of the organization or title of the document when the invitation was sent.';

--
-- Name: COLUMN invitations.invited_by; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.invited_by IS 'Who sent it; null for an administrator''s.';

--
-- Name: COLUMN invitations.inviter_email; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.inviter_email IS 'Verified e-mail address of the sender when it was sent.';

--
-- Name: COLUMN invitations.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.created_at IS 'When it was sent.';

--
-- Name: COLUMN invitations.expires_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.expires_at IS 'When it can no longer be accepted.';

--
-- Name: COLUMN invitations.answered_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.invitations.answered_at IS 'When it was accepted, declined, revoked or expired.';

--
-- Name: invitation_as_json(public.invitations); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.invitation_as_json(answered public.invitations) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select pg_catalog.jsonb_build_object(
    'id', answered.id, 'organization_id', answered.organization_id, 'role', answered.role, 'document_id', answered.document_id,
    'email', answered.email, 'user_id', answered.user_id, 'status', answered.status, 'title', answered.title,
    'invited_by', answered.invited_by, 'expires_at', answered.expires_at)
$$;

--
-- Name: FUNCTION invitation_as_json(answered public.invitations); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.invitation_as_json(answered public.invitations) IS 'An invitation as functions answer it; granted to nobody.';

--
-- Name: is_astray(private.chunk_match[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_astray(near private.chunk_match[]) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  nearest constant double precision := 1 - (near[10]).score;
  furthest constant double precision := 1 - (near[cardinality(near)]).score;
begin
  return coalesce(furthest - nearest < 0.15 * nearest, false);
end $$;

--
-- Name: FUNCTION is_astray(near private.chunk_match[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_astray(near private.chunk_match[]) IS 'Whether all that a walk found is about as far as the tenth: then the question is about something else than the passages, the few that answer it have neighbours which do not, and no edge of the graph leads there. Cooking asked in software manuals: the walk finds .84 of the ten nearest, the widest that there is .97 to .98, and often not the first. Of questions that this does not name, it finds .997.';

--
-- Name: is_held_to_limits(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_held_to_limits() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(auth.jwt() ->> 'role' = 'authenticated', false)
$$;

--
-- Name: FUNCTION is_held_to_limits(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_held_to_limits() IS 'Whether a person makes this request; servers and administrators hold what they like.';

--
-- Name: is_large_account(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_large_account(person uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return exists (select from public.memberships m where m.user_id = person offset 1000)
    or exists (select from public.documents d where d.owner_id = person offset 500)
    or exists (select from public.organizations o where o.created_by = person offset 1000)
    or exists (select from public.interactions i where i.user_id = person offset 5000)
    or exists (select from public.document_shares s where s.user_id = person offset 5000)
    or exists (select from public.invitations i where i.invited_by = person offset 2000)
    or exists (select from public.orders o where o.buyer_id = person offset 1000)
    or exists (
      select from public.documents d join public.chunks c on c.document_id = d.id
      where d.owner_id = person and (d.organization_id is null or d.visibility = 'private') offset 2000)
    or exists (
      select from public.documents d join public.document_shares s on s.document_id = d.id
      where d.owner_id = person and (d.organization_id is null or d.visibility = 'private') offset 2000);
end $$;

--
-- Name: FUNCTION is_large_account(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_large_account(person uuid) IS 'Whether more hangs on an account than is deleted with it in some tenths of a second.';

--
-- Name: is_large_organization(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_large_organization(organization uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return exists (select from public.documents d where d.organization_id = organization offset 500)
    or exists (select from public.memberships m where m.organization_id = organization offset 2000)
    or exists (select from public.invitations i where i.organization_id = organization offset 2000)
    or exists (
      select from public.documents d join public.chunks c on c.document_id = d.id where d.organization_id = organization offset 2000)
    or exists (
      select from public.documents d join public.document_shares s on s.document_id = d.id
      where d.organization_id = organization offset 2000);
end $$;

--
-- Name: FUNCTION is_large_organization(organization uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_large_organization(organization uuid) IS 'Whether more hangs on an organization than is deleted with it in some tenths of a second.';

--
-- Name: is_staff(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_staff() RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  -- The token is read first: only who claims to be staff pays for the look at the account.
  select case when auth.jwt() -> 'app_metadata' -> 'staff' = 'true'::jsonb then private.is_staff_account() else false end
$$;

--
-- Name: FUNCTION is_staff(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_staff() IS 'Whether the caller is staff: the token and the account both have app_metadata.staff = true, which only an administrator can set (user_metadata is the user''s own).';

--
-- Name: is_staff_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.is_staff_account() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
    select from auth.users u where u.id = auth.uid() and u.raw_app_meta_data -> 'staff' = 'true'::jsonb)
$$;

--
-- Name: FUNCTION is_staff_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.is_staff_account() IS 'Whether the caller''s account has app_metadata.staff = true now, whatever the token says. Definer: callers read no table of auth, and learn of their own account alone.';

--
-- Name: just_bought(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.just_bought() RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(array_agg(distinct b.product_id), '{}')
  from (
    select i.product_id from public.interactions i
    where i.user_id = (select auth.uid()) and i.kind = 'purchase' and i.created_at > now() - private.just_bought_interval()
    union all
    select l.product_id from public.orders o join public.order_items l on l.order_id = o.id
    where o.buyer_id = (select auth.uid()) and o.status = 'pending' and l.product_id is not null) b
$$;

--
-- Name: FUNCTION just_bought(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.just_bought() IS 'What the caller bought lately, or has ordered and not paid yet.';

--
-- Name: just_bought_interval(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.just_bought_interval() RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select interval '30 days' $$;

--
-- Name: FUNCTION just_bought_interval(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.just_bought_interval() IS 'For how long nobody is offered again what they bought.';

--
-- Name: keep_an_owner(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  organizations uuid[];
begin
  -- Only people are held to it: deleting an account or an organization cascades as the table's owner.
  if current_user = 'authenticated' then
    if tg_op = 'DELETE' then
      organizations := array(select distinct o.organization_id from old_rows o where o.role = 'owner');
    else
      organizations := array(
        select distinct o.organization_id from old_rows o join new_rows n using (organization_id, user_id)
        where o.role = 'owner' and n.role <> 'owner');
    end if;
    if organizations <> '{}' then
      perform private.require_owner(organizations);
    end if;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION keep_an_owner(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_an_owner() IS 'Statement trigger on memberships: refuses to lose the last owner.';

--
-- Name: keep_books(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_books() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception 'what was ordered and at what price cannot be changed' using errcode = 'insufficient_privilege';
end $$;

--
-- Name: FUNCTION keep_books(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_books() IS 'Row trigger: refuses changes of what is written in the books. Accounts and products that go leave null behind.';

--
-- Name: keep_key(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_key() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception 'the key of % cannot be changed', tg_table_name using errcode = 'insufficient_privilege';
end $$;

--
-- Name: FUNCTION keep_key(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_key() IS 'Row trigger: refuses another key. The right to update key columns is granted all the same, since PostgREST writes them in an upsert, as they were.';

--
-- Name: keep_price_exact(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_price_exact() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- Two decimals are what orders, totals and clients count on, also where ISO 4217 has three.
  digits constant integer := (select least(c.minor_digits, 2) from public.currencies c where c.code = new.currency);
begin
  if digits is null then
    raise exception '% is no currency that prices can be in', new.currency
      using errcode = 'check_violation', hint = 'The table currencies lists those there are.';
  end if;
  -- NaN and infinities too: PostgreSQL takes NaN for more than any number.
  if not (new.price > 0 and new.price < 10000000000) then
    raise exception 'a price is above 0 and below 10,000,000,000' using errcode = 'check_violation';
  end if;
  if scale(trim_scale(new.price)) > digits then
    raise exception 'a price in % has at most % decimals', new.currency, digits using errcode = 'check_violation';
  end if;
  new.price := round(new.price, 2);
  return new;
end $$;

--
-- Name: FUNCTION keep_price_exact(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_price_exact() IS 'Row trigger: refuses a price with more decimals than its currency has rather than rounding it, and writes each with two, so that 19.9 reads 19.90.';

--
-- Name: keep_status(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keep_status() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if tg_op = 'INSERT' then
    raise sqlstate 'PT409' using message = pg_catalog.format('an order begins as pending, not as %s', new.status);
  end if;
  if (old.status, new.status) not in (
    ('pending', 'paid'), ('pending', 'cancelled'), ('paid', 'shipped'), ('paid', 'refunded'), ('shipped', 'refunded'))
  then
    raise sqlstate 'PT409' using message = pg_catalog.format('an order that is %s cannot become %s', old.status, new.status);
  end if;
  case new.status
    when 'paid' then new.paid_at := now();
    when 'shipped' then new.shipped_at := now();
    when 'cancelled' then new.cancelled_at := now();
    when 'refunded' then new.refunded_at := now();
  end case;
  return new;
end $$;

--
-- Name: FUNCTION keep_status(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keep_status() IS 'Row trigger: refuses, to every role, a status that does not follow from the one before, and notes when it changed.';

--
-- Name: keyword_matches(text, private.query_term[], text[], uuid[], uuid[], bigint[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) RETURNS private.search_leg
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET work_mem TO '16MB'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  -- Where passages were found by meaning as well, the two searches share the time.
  posting_limit constant bigint := private.posting_limit((private.search_extent(kinds)).passages)
    / case when cardinality(also) > 0 then 2 else 1 end;
  row_limit constant integer := private.posting_row_limit();
  also_posted constant bigint[] := array(
    select m.posting_id from private.posted_passages m where m.chunk_id = any (also));
  is_bounded boolean := coalesce((select sum(t.frequency) from unnest(terms) t) > posting_limit, false);
  -- The rarest words find the passages, as many words as there is time for. The others tell little: they count for the
  -- passages that were found.
  rare constant private.query_term[] := array(
    select s.term
    from (
      select t::private.query_term as term, t.frequency,
             sum(t.frequency) over (order by t.weight desc, t.frequency, t.word, t.stemmer, t.original) as read
      from unnest(terms) t) s
    where s.read <= posting_limit or s.read = s.frequency);
  passes_many constant boolean := coalesce(cardinality(sources) > private.source_limit(), false);
  most integer := case when passes_many then 128 else 16 end * match_count;
  place_limit integer;
  posting_ids bigint[];
  scores double precision[];
  meant_ids bigint[];
  meant_scores double precision[];
  rows_read bigint;
  found private.chunk_match[];
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. All is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with listed as materialized (
      select p.postings, t.weight, p.steepness
      from unnest(rare) t
      -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
      cross join lateral (
        select w.postings, 0.9 / t.average_length as steepness from private.postings w
        where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p
      limit row_limit
    ), posted as materialized (
      select x.posting_id, sum(x.score) as score
      from (
        select r.posting >> 16 as posting_id,
               r.weight * ((r.posting >> 11) & 31)::double precision / (
                 ((r.posting >> 11) & 31)::double precision + 0.3::double precision
                 + r.steepness * (r.posting & 2047)::double precision) as score
        -- A single word may have more.
        from (select unnest(l.postings) as posting, l.weight, l.steepness from listed l limit posting_limit) r
        offset 0) x -- calculated before they are sorted, which has less to move
      group by x.posting_id
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or passes_many or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit most
    ), meant as materialized (
      select p.posting_id, p.score from posted p
      where also_posted is null or p.posting_id in (select unnest(also_posted)))
    select array(select b.posting_id from best b), array(select b.score from best b),
           array(select m.posting_id from meant m), array(select m.score from meant m), (select count(*) from listed)
    into posting_ids, scores, meant_ids, meant_scores, rows_read;
    is_bounded := is_bounded or rows_read = row_limit;

    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    foreach place_limit in array array[2 * match_count, most] loop
      with located as materialized (
        select c.source_id, c.id, b.score,
               row_number() over (partition by c.source_id order by b.score desc, c.id) as rank
        from unnest(posting_ids[:place_limit], scores[:place_limit]) b (posting_id, score)
        join private.posted_passages m using (posting_id)
        join public.chunks c on c.id = m.chunk_id
        where (sources is null or c.source_id in (select unnest(sources)))
          and (excluded is null or not c.source_id in (select unnest(excluded)))
      ), best as materialized (
        select l.source_id, l.id, l.score from located l where l.rank <= 2 order by l.score desc limit 2 * match_count
      ), scored as (
        select b.* from best b where not is_bounded
        union all
        select c.source_id, c.id, m.score
        from unnest(meant_ids, meant_scores) m (posting_id, score)
        join private.posted_passages p using (posting_id)
        join public.chunks c on c.id = p.chunk_id
        where not is_bounded
        union all
        -- Where not every posting was read, all words of what was found count.
        select s.*
        from private.scores_of_passages(
          direct || case when is_bounded then also || array(select b.id from best b) end, terms) s
        union all
        select a.* from private.article_matches(query, scopes, sources) a where 'products' = any (kinds))
      select array_agg((s.source_id, s.id, least(s.score, 1))::private.chunk_match),
             (select count(*) from located l where l.rank = 1)
      into found, sources_read
      from scored s
      where (sources is null or s.source_id in (select unnest(sources)))
        and (excluded is null or not s.source_id in (select unnest(excluded)));
      exit when sources_read >= match_count or cardinality(posting_ids) < place_limit;
    end loop;
    exit when sources_read >= case when passes_many then match_count else match_count / 10 end
      or cardinality(posting_ids) < most;
    most := 8 * most;
  end loop;
  return (
    array(
      select (b.source_id, b.chunk_id, b.score)::private.chunk_match
      from (
        select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
      union
      select (f.source_id, f.chunk_id, f.score)::private.chunk_match
      from unnest(found) f where f.chunk_id = any (also)),
    cardinality(posting_ids) < most and not is_bounded);
end $$;

--
-- Name: FUNCTION keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) IS 'At least match_count sources by BM25 when so many have any of the words, the best passage each, and the scores of also. Where the words have more postings than private.posting_limit, the rarest of them find the passages, and all score. Fewer sources, but a tenth, may come where documents are so long that the best 16 * match_count passages are of these. Definer: as query_terms; search reads what this names under the policies again.';

--
-- Name: leave_index(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leave_index() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  new.is_indexed := false;
  new.shard_id := 0;
  return new;
end $$;

--
-- Name: FUNCTION leave_index(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leave_index() IS 'Row trigger: a vector whose audience changes waits to be indexed again, so that the change itself does not.';

--
-- Name: leave_orders(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leave_orders(person uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  pending uuid[];
begin
  perform private.take_back_of(person);
  select array_agg(l.id) into pending
  from (
    select o.id from public.orders o where o.buyer_id = person and o.status = 'pending' order by o.id for no key update) l;
  if pending is not null then
    perform private.withdraw_pending(pending, 'The account was closed.');
  end if;
  update private.payment_jobs j set customer_id = null
  where j.customer_id = person and j.done_at is not null
    and j.order_id in (select o.id from public.orders o where o.buyer_id = person);
end $$;

--
-- Name: FUNCTION leave_orders(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leave_orders(person uuid) IS 'What somebody has not paid is cancelled; paid orders are delivered and kept. What they withdrew is taken out of the counts before it is forgotten who it was. The provider''s records of what is done lose the name.';

--
-- Name: leave_organizations(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leave_organizations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.remove_own_organizations(old.id);
  perform private.forget_uploader(old.id);
  return old;
end $$;

--
-- Name: FUNCTION leave_organizations(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leave_organizations() IS 'Row trigger on auth.users: an organization of an account that is deleted goes when nobody else belongs to it, and otherwise waits for a member to take it over. Definer: the Auth service that deletes accounts has no rights on public.';

--
-- Name: leave_some(uuid, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leave_some(person uuid, max_organizations integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  left_ids uuid[] := array(
    select m.organization_id from public.memberships m where m.user_id = person limit max_organizations);
begin
  perform private.lock_leaving(left_ids);
  perform private.remove_organizations(array(
    select o.id from unnest(left_ids) o (id)
    where not exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person)));
  delete from public.memberships m where m.user_id = person and m.organization_id = any (left_ids);
  return cardinality(left_ids);
end $$;

--
-- Name: FUNCTION leave_some(person uuid, max_organizations integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leave_some(person uuid, max_organizations integer) IS 'Ends up to so many memberships of an account that is closed, and deletes the organizations that nobody else belongs to.';

--
-- Name: leavers(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.leavers(people uuid[], organizations uuid[]) RETURNS TABLE(user_ids uuid[], organization_ids uuid[])
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if people is null then
    return;
  elsif (select count(*) from (select distinct unnest(people)) p) <= (select count(*) from (select distinct unnest(organizations)) o)
  then
    return query
      select array[p.id], array_agg(p.organization_id) from unnest(people, organizations) p (id, organization_id) group by p.id;
  else
    return query
      select array_agg(p.id), array[p.organization_id]
      from unnest(people, organizations) p (id, organization_id) group by p.organization_id;
  end if;
end $$;

--
-- Name: FUNCTION leavers(people uuid[], organizations uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.leavers(people uuid[], organizations uuid[]) IS 'Pairs of person and organization in few groups: all organizations of a person, or all people of an organization.';

--
-- Name: limit_invitations(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.limit_invitations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  sender uuid;
begin
  insert into private.sent_invitations (invitation_id, invited_by, addressee, sent_at)
  select n.id, n.invited_by, private.invitation_addressee(n.email, n.user_id), n.created_at from new_rows n
  where n.invited_by is not null
  on conflict do nothing;
  if not private.is_held_to_limits() then
    return null;
  end if;
  for sender in select distinct n.invited_by from new_rows n where n.invited_by is not null order by 1 loop
    perform private.lock_limit('invitations_sent', sender::text);
    perform private.enforce_limit('invitations_sent', (select count(*) from private.counted_invitations(sender)));
    perform private.enforce_limit('invitations_to_one', (
      select max(a.invitations) from (
        select count(*) as invitations from private.counted_invitations(sender) c
        where c.addressee in (
          select private.invitation_addressee(n.email, n.user_id) from new_rows n where n.invited_by = sender)
        group by c.addressee) a));
  end loop;
  return null;
end $$;

--
-- Name: FUNCTION limit_invitations(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.limit_invitations() IS 'Statement trigger: notes what is sent, and bounds how much one sender sends, to all and to one addressee. Counts nothing of others: they could use it up, and a refusal would tell of them. Definer: people neither read nor write the notes.';

--
-- Name: limit_memberships(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.limit_memberships() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  member uuid;
begin
  if private.is_held_to_limits() then
    for member in select distinct n.user_id from new_rows n order by 1 loop
      perform private.lock_limit('memberships', member::text);
      perform private.enforce_limit('memberships', (
        select count(*) from public.memberships m where m.user_id = member));
    end loop;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION limit_memberships(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.limit_memberships() IS 'Statement trigger: bounds how many organizations a person belongs to. Definer: counts what the caller may not see.';

--
-- Name: limit_of(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.limit_of(name text) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  allowed bigint;
begin
  select l.allowed into allowed from private.limits l where l.name = limit_of.name;
  if not found then
    raise exception 'private.limits has no row %', name using errcode = 'undefined_object';
  end if;
  return allowed;
end $$;

--
-- Name: FUNCTION limit_of(name text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.limit_of(name text) IS 'The most that the limit of this name allows. A limit that is missing is an error, never unlimited. Definer: reads the table.';

--
-- Name: limit_organizations(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.limit_organizations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  founder uuid;
begin
  if private.is_held_to_limits() then
    for founder in select distinct n.created_by from new_rows n where n.created_by is not null order by 1 loop
      perform private.lock_limit('organizations_founded', founder::text);
      perform private.enforce_limit('organizations_founded', (
        select count(*) from public.organizations o where o.created_by = founder));
    end loop;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION limit_organizations(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.limit_organizations() IS 'Statement trigger: bounds how many organizations a person founds. Definer: counts what the caller may not see.';

--
-- Name: limit_shares(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.limit_shares() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  added record;
begin
  if private.is_held_to_limits() then
    for added in select n.document_id, n.user_id from new_rows n order by 1, 2 loop
      perform private.lock_limit('shares_of_document', added.document_id::text);
      perform private.lock_limit('shares_with_person', added.user_id::text);
      perform private.enforce_limit('shares_of_document', (
        select count(*) from public.document_shares s where s.document_id = added.document_id));
      perform private.enforce_limit('shares_with_person', (
        select count(*) from public.document_shares s where s.user_id = added.user_id));
    end loop;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION limit_shares(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.limit_shares() IS 'Statement trigger: bounds with how many a document is shared, and how many documents with a person. Definer: counts what the caller may not see.';

--
-- Name: lock_buyer(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_buyer(order_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform from auth.users u
  where u.id = (select o.buyer_id from public.orders o where o.id = lock_buyer.order_id)
  for key share;
end $$;

--
-- Name: FUNCTION lock_buyer(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.lock_buyer(order_id uuid) IS 'Keeps the account of an order''s buyer from being deleted before the transaction ends; called before the order is locked. Definer: as settle_payment and mark_paid, which call it; granted to nobody.';

--
-- Name: lock_leaving(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_leaving(organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  -- A hundred thousand rows take two seconds to lock, so whoever leaves so many waits for all who leave, and they wait for it.
  -- Taken before any row, by everybody: nobody waits in a circle.
  if cardinality(organization_ids) > 1000 then
    perform pg_advisory_xact_lock(20261127, 1);
  else
    perform pg_advisory_xact_lock_shared(20261127, 1);
    perform from public.organizations o where o.id = any (organization_ids) order by o.id for no key update;
  end if;
end $$;

--
-- Name: FUNCTION lock_leaving(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.lock_leaving(organization_ids uuid[]) IS 'Lets nobody else leave these organizations until the transaction ends.';

--
-- Name: lock_limit(text, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_limit(name text, subject text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select pg_advisory_xact_lock(hashtextextended(name || ' ' || subject, 20261127))
$$;

--
-- Name: FUNCTION lock_limit(name text, subject text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.lock_limit(name text, subject text) IS 'Lets one transaction at a time add to what this limit counts of this subject, so that two do not pass together.';

--
-- Name: lock_order(uuid, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_order(order_id uuid, for_shop boolean) RETURNS public.orders
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  locked public.orders;
begin
  if for_shop and not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  select o.* into locked from public.orders o
  where o.id = lock_order.order_id and (o.buyer_id = auth.uid() or private.acts_for_the_shop())
  for no key update;
  if locked.id is null then
    raise sqlstate 'PT404' using message = pg_catalog.format('there is no order %s of yours', coalesce(order_id::text, '(null)'));
  end if;
  return locked;
end $$;

--
-- Name: FUNCTION lock_order(order_id uuid, for_shop boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.lock_order(order_id uuid, for_shop boolean) IS 'Locks the caller''s order, or any for staff, and returns it; PT404 when there is none, PT403 when it is for staff. Orders are locked before their payment and their products. Definer: buyers lock no rows; granted to nobody.';

--
-- Name: lock_organizations(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.lock_organizations(person uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- As require_owner does: whoever leaves in the same moment waits, and then sees who is left. All of them, for a member may
  -- become owner by what the others do.
  perform private.lock_leaving(array(select m.organization_id from public.memberships m where m.user_id = person));
end $$;

--
-- Name: FUNCTION lock_organizations(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.lock_organizations(person uuid) IS 'Lets nobody else leave the organizations of a person until the transaction ends.';

--
-- Name: make_drafts_personal(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.make_drafts_personal(user_ids uuid[], organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  drafts constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = any (user_ids) and d.visibility = 'private' and d.organization_id = any (organization_ids)
    limit 1001);
begin
  if cardinality(drafts) > 1000 then
    insert into private.removals (kind, subject_id)
    select distinct 'drafts', d.owner_id from public.documents d
    where d.owner_id = any (user_ids) and d.visibility = 'private' and d.organization_id = any (organization_ids)
    on conflict do nothing;
  elsif drafts <> '{}' then
    update public.documents d set organization_id = null where d.id = any (drafts);
  end if;
end $$;

--
-- Name: FUNCTION make_drafts_personal(user_ids uuid[], organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.make_drafts_personal(user_ids uuid[], organization_ids uuid[]) IS 'Private documents of these people leave these organizations, at once or, where they are many, in pieces. Their owner reads and nobody else does, wherever they are filed.';

--
-- Name: mark_paid(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.mark_paid(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders;
begin
  if private.acts_for_the_shop() then
    perform private.lock_buyer(order_id);
  end if;
  known := private.lock_order(order_id, true);
  if known.status = 'pending' then
    update private.payment_jobs j set done_at = now(), outcome = 'by hand', parked_at = null
    where j.order_id = known.id and j.kind = 'charge' and j.done_at is null and (not j.is_sent or j.parked_at is not null);
    if not found then
      raise sqlstate 'PT409' using message = 'the order is being charged by the payment provider',
        hint = 'Wait for what comes of it.';
    end if;
    update public.orders o set status = 'paid' where o.id = known.id;
  elsif known.status = 'cancelled' then
    raise sqlstate 'PT409' using message = 'an order that is cancelled cannot become paid';
  end if;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION mark_paid(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.mark_paid(order_id uuid) IS 'As public.mark_paid. Definer: nobody writes orders.';

--
-- Name: mark_refunded(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.mark_refunded(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('pending', 'cancelled') then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status);
  end if;
  if known.status <> 'refunded' then
    perform private.owe_refund(known.id);
    update private.payment_jobs j set done_at = now(), outcome = 'by hand', parked_at = null
    where j.order_id = known.id and j.kind = 'refund' and j.done_at is null and (not j.is_sent or j.parked_at is not null);
    if not found and exists (select from private.payment_jobs j where j.order_id = known.id and j.kind = 'refund') then
      raise sqlstate 'PT409' using message = 'the order is being refunded by the payment provider',
        hint = 'Wait for what comes of it.';
    end if;
    perform private.complete_refund(known);
  end if;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION mark_refunded(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.mark_refunded(order_id uuid) IS 'As public.mark_refunded. Definer: nobody writes orders.';

--
-- Name: may_read_file(text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.may_read_file(name text, created_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: may_still_invite(public.invitations); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.may_still_invite(sent public.invitations) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if sent.invited_by is null then
    return true;
  end if;
  if not exists (
    select from auth.users u
    where u.id = sent.invited_by and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now()))
  then
    return false;
  end if;
  if sent.organization_id is not null then
    return exists (
      select from public.memberships m
      where m.organization_id = sent.organization_id and m.user_id = sent.invited_by
        and m.role >= case sent.role when 'owner' then 'owner' else 'admin' end::public.membership_role);
  end if;
  return exists (
    select from public.documents d
    where d.id = sent.document_id and d.owner_id = sent.invited_by
      and (d.organization_id is null or d.visibility = 'private' or exists (
        select from public.memberships m
        where m.organization_id = d.organization_id and m.user_id = sent.invited_by and m.role >= 'editor')));
end $$;

--
-- Name: FUNCTION may_still_invite(sent public.invitations); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.may_still_invite(sent public.invitations) IS 'Whether the sender could send this invitation now. Definer: called by functions that answer invitations; granted to nobody.';

--
-- Name: may_write_file(text, timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.may_write_file(name text, created_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: merge_postings(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.merge_postings() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  merged record;
  segment bigint;
  live integer;
begin
  -- Eight of a size make one of the next: a posting is written once for every power of eight, and none of what is large
  -- enough. And where a fifth is out of date it is written anew, or removed: a deleted text leaves no words behind for long.
  select m.scope_id, m.ids into merged
  from (
    select s.scope_id, (array_agg(s.id order by s.id))[:8] as ids from private.posting_segments s
    where s.passages < 32768
    group by s.scope_id, floor(log(8, s.passages)) having count(*) >= 8
    union all
    select s.scope_id, (array_agg(s.id order by s.id))[:8] from private.posting_segments s
    group by s.scope_id
    having sum(s.passages) > 1.25 * (
      select coalesce(sum(c.passages), 0) from private.passage_counts c where c.scope_id = s.scope_id)) m
  limit 1;
  if not found then
    return false;
  end if;
  perform from private.posting_segments s where s.id = any (merged.ids) order by s.id for update;
  insert into private.posting_segments (scope_id, passages) values (merged.scope_id, 1) returning id into segment;
  insert into private.postings (scope_id, word, stemmer, segment_id, size, postings)
  select merged.scope_id, p.word, p.stemmer, segment, count(*), array_agg(u.posting order by u.posting)
  from private.postings p cross join lateral unnest(p.postings) u (posting)
  where p.segment_id = any (merged.ids)
    and exists (select from private.posted_passages x where x.posting_id = u.posting >> 16)
  group by p.word, p.stemmer;
  -- A form goes with the last chunk that has its stem.
  insert into private.vocabulary (scope_id, form, stemmer, stem, segment_id)
  select distinct merged.scope_id, v.form, v.stemmer, v.stem, segment
  from private.vocabulary v
  join private.postings p
    on p.scope_id = merged.scope_id and p.word = v.stem and p.stemmer = v.stemmer and p.segment_id = segment
  where v.segment_id = any (merged.ids);
  delete from private.posting_segments s where s.id = any (merged.ids);
  select count(distinct u.posting >> 16) into live
  from private.postings p cross join lateral unnest(p.postings) u (posting) where p.segment_id = segment;
  update private.posting_segments s set passages = live where s.id = segment and live > 0;
  delete from private.posting_segments s where s.id = segment and live = 0;
  return true;
end $$;

--
-- Name: FUNCTION merge_postings(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.merge_postings() IS 'Merges segments of one audience, leaving out what names nothing any more; whether there were any. Definer: as post_passages.';

--
-- Name: my_email(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_email() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select lower(u.email) from auth.users u where u.id = auth.uid() and u.email_confirmed_at is not null and u.deleted_at is null
$$;

--
-- Name: FUNCTION my_email(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_email() IS 'The caller''s verified e-mail address in lower case; null without one. Definer: people do not read auth.users.';

--
-- Name: my_invitation(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_invitation(invitation_id uuid) RETURNS public.invitations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  mine public.invitations;
begin
  -- The organization or document first: whoever deletes it holds it, and then waits for the invitation.
  perform from public.organizations o
  where o.id = (select i.organization_id from public.invitations i where i.id = my_invitation.invitation_id) for key share;
  perform from public.documents d
  where d.id = (select i.document_id from public.invitations i where i.id = my_invitation.invitation_id) for key share;
  select i.* into mine from public.invitations i
  where i.id = my_invitation.invitation_id and (i.user_id = auth.uid() or i.email = private.my_email())
  for no key update;
  if mine.id is null then
    raise sqlstate 'PT404' using
      message = pg_catalog.format('There is no invitation %s for you.', coalesce(my_invitation.invitation_id::text, '(null)')),
      hint = 'An invitation by e-mail belongs to the account that has verified the address.';
  end if;
  return mine;
end $$;

--
-- Name: FUNCTION my_invitation(invitation_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_invitation(invitation_id uuid) IS 'Locks an invitation that is addressed to the caller and returns it; PT404 when there is none. Definer: called by functions that answer invitations; granted to nobody.';

--
-- Name: my_organizations(public.membership_role); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_organizations(minimum public.membership_role DEFAULT 'viewer'::public.membership_role) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  caller constant uuid := auth.uid();
begin
  return next '00000000-0000-0000-0000-000000000000'::uuid;
  return next '00000000-0000-0000-0000-000000000001'::uuid;
  return query select private.public_scope(o.id) from public.organizations o where o.published_at is not null and o.may_publish;
  if caller is not null then
    return next caller;
    return query select m.organization_id from public.memberships m where m.user_id = caller;
    return query
      select private.public_scope(o.id) from public.organizations o
      where o.published_at is not null and not o.may_publish
        and exists (select from public.memberships m where m.organization_id = o.id and m.user_id = caller);
    if private.is_staff() then
      return next '00000000-0000-0000-0000-000000000002'::uuid;
    end if;
  end if;
end $$;

--
-- Name: FUNCTION my_scopes(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_scopes() IS 'Audiences the caller belongs to: everyone (…0), the shop window (…1), the public documents of each organization that may publish, the caller, each of their organizations with what it had published, and for staff the products that are not on sale (…2). Definer: reads memberships on behalf of policies.';

--
-- Name: my_shared_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.my_shared_documents() RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not exists (select from private.removals) then
    return query select s.document_id from public.document_shares s where s.user_id = auth.uid();
    return;
  end if;
  return query
    select s.document_id
    from public.document_shares s join public.documents d on d.id = s.document_id
    where s.user_id = auth.uid()
      and case
        when d.organization_id is null or d.visibility = 'private'
        then not exists (select from private.removals r where r.kind = 'account' and r.subject_id = d.owner_id)
        else not exists (select from private.removals r where r.kind = 'organization' and r.subject_id = d.organization_id)
      end;
end $$;

--
-- Name: FUNCTION my_shared_documents(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.my_shared_documents() IS 'Documents somebody shared with the caller. Definer: the policies of documents and of shares would ask each other for ever.';

--
-- Name: nearest_by_plan(extensions.halfvec, smallint, integer, private.search_plan, uuid[], uuid[], uuid[], uuid[], integer, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) RETURNS private.chunk_match[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  walked constant smallint[] := case when plan.walks then plan.shards || 0::smallint else plan.shards end;
  near private.chunk_match[] := '{}';
  shard smallint;
begin
  foreach shard in array walked loop
    near := near || private.walk_index(
      query_embedding, model, dimensions, shard, scopes, sources, excluded, row_limit, cardinality(walked));
  end loop;
  if sources is null and cardinality(shares) > 0 then
    near := near || (private.nearest_of_sources(
      query_embedding, model, shares, excluded, match_count, row_limit, private.comparison_limit() / 2)).matches;
  end if;
  if plan.walks then
    return near || array(
      select m
      from private.nearest_waiting(query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
      where sources is null or m.source_id in (select unnest(sources)));
  end if;
  return near || array(
    select m
    from private.nearest_outside_shards(
      query_embedding, model, scopes, excluded, row_limit, private.comparison_limit()) m
    where sources is null or m.source_id in (select unnest(sources)));
end $$;

--
-- Name: FUNCTION nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) IS 'The nearest passages of each part of the plan, of sources alone where they are given.';

--
-- Name: nearest_of_many(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) RETURNS private.search_leg
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    SET work_mem TO '64MB'
    AS $$
begin
  return private.nearest_of_visible(query_embedding, model, scopes, shares, excluded, match_count, row_limit, most);
end $$;

--
-- Name: FUNCTION nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) IS 'As nearest_of_visible, for many passages. Where only documents or only products are searched, audiences that the planner knows are looked up in a hash table, others one after the other, which takes three times as long for a caller who has 800. What was compared of a million rows fits into the memory.';

--
-- Name: nearest_of_sources(extensions.halfvec, smallint, uuid[], uuid[], integer, integer, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) RETURNS private.search_leg
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  near private.chunk_match[];
  passages bigint;
begin
  near := array(
    select (n.source_id, n.chunk_id, 1 - n.distance)::private.chunk_match
    from (
      select c.*
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
        limit most) c
      order by c.distance + 0 limit row_limit) n);
  if cardinality(near) < row_limit then
    return (private.best_of_sources(near, row_limit), true);
  end if;
  if (select count(distinct n.source_id) from unnest(near) n) < match_count then
    -- A long document has filled the rows with passages of its own.
    with compared as (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
      limit most
    )
    select array(
      select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
      from (select distinct on (c.source_id) c.* from compared c order by c.source_id, c.distance) b)
    into near;
  end if;
  if most is not null then
    select count(*) into passages
    from (
      select
        from unnest(sources) s (id)
        join public.chunk_embeddings e on e.source_id = s.id and e.model_id = model
        where excluded is null or not e.source_id in (select unnest(excluded))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(passages < most, true));
end $$;

--
-- Name: FUNCTION nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) IS 'Exact: as nearest_of_visible, of the given sources.';

--
-- Name: nearest_of_visible(extensions.halfvec, smallint, uuid[], uuid[], uuid[], integer, integer, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) RETURNS private.search_leg
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  near private.chunk_match[];
  passages bigint;
begin
  near := array(
    select (n.source_id, n.chunk_id, 1 - n.distance)::private.chunk_match
    from (
      select c.*
      from (
        select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
        limit most) c
      order by c.distance + 0 limit row_limit) n);
  if cardinality(near) < row_limit then
    return (private.best_of_sources(near, row_limit), true);
  end if;
  if (select count(distinct n.source_id) from unnest(near) n) < match_count then
    -- A long document has filled the rows with passages of its own.
    with compared as (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most
    )
    select array(
      select (b.source_id, b.chunk_id, 1 - b.distance)::private.chunk_match
      from (select distinct on (c.source_id) c.* from compared c order by c.source_id, c.distance) b)
    into near;
  end if;
  if most is not null then
    select count(*) into passages
    from (
      select
        from public.chunk_embeddings e
        where e.model_id = model
          and (scopes is null or e.scope_id = any (scopes) or e.source_id = any (shares))
          and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) c;
  end if;
  return (private.best_of_sources(near, cardinality(near)), coalesce(passages < most, true));
end $$;

--
-- Name: FUNCTION nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) IS 'Exact: the best passage of each source among the row_limit nearest, or of all sources where those are of fewer than match_count. Compares the passages that the caller sees, or, where scopes are named, of these and of the shares; no more than most. The policy says which they are, and its audiences use the index.';

--
-- Name: nearest_outside_shards(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
      from public.chunk_embeddings e
      where e.model_id = model and e.shard_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;

--
-- Name: FUNCTION nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) IS 'Exact: what no shard holds of these audiences; no more than most.';

--
-- Name: nearest_waiting(extensions.halfvec, smallint, uuid[], uuid[], integer, bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  return query
    select n.source_id, n.chunk_id, 1 - n.distance
    from (
      select e.source_id, e.chunk_id, e.embedding operator(extensions.<=>) query_embedding as distance
      from public.chunk_embeddings e
      where e.model_id = model and not e.is_indexed and e.shard_id = 0 and e.scope_id = any (scopes)
        and (excluded is null or not e.source_id in (select unnest(excluded)))
      limit most) n
    order by n.distance + 0 limit row_limit;
end $$;

--
-- Name: FUNCTION nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) IS 'Exact: what no index holds yet of these audiences; no more than most.';

--
-- Name: neighbours(private.seed[], uuid[], uuid, integer, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) RETURNS private.pick[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  model constant smallint := (private.active_embedding_model()).id;
  taste constant extensions.halfvec := private.taste(seeds);
  co_weight constant double precision := private.co_purchase_weight();
  near private.chunk_match[] := '{}';
  picks private.pick[];
begin
  if taste is not null then
    near := array(
      select m from unnest((private.semantic_matches(
        taste, '{products}', null, null, cardinality(seeds) + 2 * row_limit)).matches) m
      order by m.score desc limit cardinality(seeds) + 4 * row_limit);
  end if;
  picks := array(
    with seed as materialized (
      select s.product_id, s.weight, s.is_bought from unnest(seeds) s
    ), together as materialized (
      select b.other_id, sum(b.similarity * s.weight) as worth,
             (array_agg(b.product_id order by b.similarity * s.weight desc, b.product_id))[1] as because_of
      from private.bought_together(array(select s.product_id from seed s), 5 * row_limit) b
      join seed s on s.product_id = b.product_id
      where not b.other_id in (select s.product_id from seed s)
      group by b.other_id order by worth desc limit 10 * row_limit
    -- Materialized, so that what follows compares columns: an expression is kept from an index behind a policy.
    ), found as materialized (
      select coalesce(t.other_id, n.source_id) as id, coalesce(t.worth, 0) as worth, t.because_of, n.score as cosine
      from together t full join (select u.source_id, u.score from unnest(near) u) n on n.source_id = t.other_id
    ), buyable as materialized (
      select f.*, p.category_id, coalesce(f.cosine, (
               select max(1 - (e.embedding operator(extensions.<=>) taste))
               from public.chunk_embeddings e where e.source_id = f.id and e.model_id = model), 0) as likeness,
             (select y.score from public.product_popularity y where y.product_id = f.id) as popularity
      from found f join public.products p on p.id = f.id
      where p.is_active and p.is_in_stock and f.id <> all (excluded)
        and not f.id in (select s.product_id from seed s)
        and (of_category is null or p.category_id = of_category)
    ), scored as (
      select b.id, b.because_of, co_weight * coalesce(b.worth / nullif(max(b.worth) over (), 0), 0) as by_people,
             -- Of what is about as like, what is wanted is likelier to be wanted: a quarter as popular counts half.
             (1 - co_weight) * coalesce(
               (b.likeness - min(b.likeness) over ()) / nullif(max(b.likeness) over () - min(b.likeness) over (), 0)
               * (0.2 + 0.8 * power(2::double precision, greatest((b.popularity - max(b.popularity) over ()) / 2, -50))),
               0) as by_likeness
      from buyable b
    ), best as materialized (
      select s.*, s.by_people + s.by_likeness as score from scored s
      order by score desc, s.id limit row_limit)
    select (b.id, b.score,
            case when b.by_people > b.by_likeness then 'bought_together'
                 when k.is_bought or source = 'similar' then 'similar' else 'viewed' end,
            k.product_id, source)::private.pick
    from best b
    cross join lateral (
      select s.product_id, s.is_bought from seed s
      where b.by_people <= b.by_likeness or s.product_id = b.because_of
      order by (
        select min(e.embedding operator(extensions.<=>) f.embedding)
        from public.chunk_embeddings e join public.chunk_embeddings f on f.model_id = model and f.source_id = b.id
        where e.source_id = s.product_id and e.model_id = model) nulls last, s.weight desc, s.product_id
      limit 1) k
    order by b.score desc, b.id);
  return picks;
end $$;

--
-- Name: FUNCTION neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) IS 'Products that go with the seeds, best first, none of the seeds among them: what the same people bought, and what is like the mean of the seeds, weighed together, each between the best and the worst of the candidates. All can be had: active, in stock, not excluded.';

--
-- Name: new_row_id(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.new_row_id() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- Since 2026. clock_timestamp: a statement may insert more rows than one millisecond has numbers for.
  milliseconds constant bigint := floor(date_part('epoch', clock_timestamp()) * 1000)::bigint - 1767225600000;
  kept constant text := current_setting('tidegate.row_ids', true);
  tables bytea;
begin
  -- Twenty rows or more share a millisecond when many are inserted: the tables are made once for all of them.
  if split_part(kept, ':', 1) = milliseconds::text then
    tables := decode(split_part(kept, ':', 2), 'hex');
  else
    tables := private.row_id_tables(milliseconds);
    perform set_config('tidegate.row_ids', milliseconds || ':' || encode(tables, 'hex'), true);
  end if;
  return (milliseconds << 12) | private.shuffled((nextval('private.row_numbers') & 4095)::integer, tables);
end $$;

--
-- Name: FUNCTION new_row_id(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.new_row_id() IS 'An id that grows with time, below 2^53 until 2095: the millisecond, and a number that is unique in it for up to 4,096 rows. Each millisecond shuffles the numbers otherwise, so that two ids do not tell how many were drawn between them. Definer: nobody else draws numbers.';

--
-- Name: new_shard_id(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.new_shard_id() RETURNS smallint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select n::smallint from generate_series(1, 32767) n
  where not exists (select from private.shards s where s.id = n) order by random() limit 1
$$;

--
-- Name: FUNCTION new_shard_id(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.new_shard_id() IS 'An id that no shard has. It stands beside vectors that people read, and does not tell how many audiences are giants.';

--
-- Name: note_changed_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_changed_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: note_everything_lost(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_everything_lost() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Gateways forget all that they keep: whose rights these were would take long to find out. A later migration has the table.
  insert into private.rights_lost (people, sources, everything) values ('{}', '{}', true);
end $$;

--
-- Name: FUNCTION note_everything_lost(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_everything_lost() IS 'Notes that many rights ended at once. Definer: nobody writes the table; granted to nobody.';

--
-- Name: note_lost_people(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_lost_people() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.note_rights_lost((select array_agg(distinct o.user_id) from old_rows o), '{}');
  return null;
end $$;

--
-- Name: FUNCTION note_lost_people(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_lost_people() IS 'Statement trigger of memberships and shares that end. Definer: calls note_rights_lost.';

--
-- Name: note_lost_person(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_lost_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.note_rights_lost(
    array[case when tg_table_name = 'users' then to_jsonb(old) ->> 'id' else to_jsonb(old) ->> 'user_id' end::uuid], '{}');
  return null;
end $$;

--
-- Name: FUNCTION note_lost_person(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_lost_person() IS 'Row trigger of memberships and shares that change, and of accounts that are banned, deleted or no longer staff. Definer: calls note_rights_lost.';

--
-- Name: note_lost_row(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_lost_row() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.note_rights_lost('{}', array[old.id]);
  return null;
end $$;

--
-- Name: FUNCTION note_lost_row(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_lost_row() IS 'Row trigger of documents whose readers or text changed, and of products that are taken off sale. Definer: calls note_rights_lost.';

--
-- Name: note_lost_rows(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_lost_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.note_rights_lost('{}', (select array_agg(o.id) from old_rows o));
  return null;
end $$;

--
-- Name: FUNCTION note_lost_rows(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_lost_rows() IS 'Statement trigger of documents and products that are deleted. Definer: calls note_rights_lost.';

--
-- Name: note_new_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_new_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: note_product_words(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_product_words() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.product_words (product_id, stemmer, words)
  values (new.id, private.stemmer(new.language), private.search_vector(new.language, new.name, array[new.sku], new.description))
  on conflict (product_id) do update set stemmer = excluded.stemmer, words = excluded.words;
  return null;
end $$;

--
-- Name: FUNCTION note_product_words(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_product_words() IS 'Row trigger on products: keeps their words. Definer: staff have no right to the table of words.';

--
-- Name: note_publishing(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_publishing() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  new.published_at := now();
  return new;
end $$;

--
-- Name: FUNCTION note_publishing(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_publishing() IS 'Row trigger on organizations: notes when one was first allowed to publish.';

--
-- Name: note_publishing_lost(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_publishing_lost() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.note_everything_lost();
  return null;
end $$;

--
-- Name: FUNCTION note_publishing_lost(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_publishing_lost() IS 'Row trigger on organizations: what one published is not everybody''s any more. Definer: as note_everything_lost.';

--
-- Name: note_purchases(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_purchases() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into public.interactions (user_id, product_id, kind, order_id)
  select new.buyer_id, p.id, 'purchase', new.id
  from public.order_items i join public.products p on p.id = i.product_id
  where i.order_id = new.id
  -- By their ids, as place_order locks them.
  order by p.id
  -- Waits for whoever deletes a product, so that a payment does not fail for it.
  for key share of p;
  return null;
end $$;

--
-- Name: FUNCTION note_purchases(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_purchases() IS 'Row trigger on orders that become paid: a purchase for each line, whatever the quantity. Definer: buyers may not claim purchases.';

--
-- Name: note_rights_lost(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.note_rights_lost(people uuid[], sources uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  most constant integer := 1000;
  many constant boolean := coalesce(cardinality(people), 0) + coalesce(cardinality(sources), 0) > most;
begin
  if coalesce(cardinality(people), 0) + coalesce(cardinality(sources), 0) = 0 then
    return;
  end if;
  insert into private.rights_lost (people, sources, everything)
  values (case when many then '{}' else coalesce(people, '{}') end,
          case when many then '{}' else coalesce(sources, '{}') end, many);
  -- A few old notes go with every new one, so that nobody has to clear them.
  delete from private.rights_lost r
  using (select o.id from private.rights_lost o
         where o.at < clock_timestamp() - interval '1 hour'
         order by o.at limit 10 for update skip locked) old
  where r.id = old.id;
end $$;

--
-- Name: FUNCTION note_rights_lost(people uuid[], sources uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.note_rights_lost(people uuid[], sources uuid[]) IS 'Notes that people lost some right, or that documents and products (sources) may no longer be read as they were. Definer: nobody writes the table.';

--
-- Name: open_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.open_account() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  person constant uuid := auth.uid();
begin
  if person is null then
    return null;
  end if;
  perform from auth.users u
  where u.id = person and u.deleted_at is null and coalesce(u.banned_until <= now(), true);
  if found then
    return person;
  end if;
  -- Where Supabase's services ask the policies, a closed account is nobody: Realtime asks for many people in one statement,
  -- where an error of one would be everybody's, and Storage knows a refusal, but makes 500 of an error that it does not
  -- know. supabase_lite is the login of the local stack, for the Data API as well.
  if (session_user::text ~ '^supabase_' and session_user <> 'supabase_lite')
    or coalesce(current_setting('storage.operation', true), '') <> ''
  then
    return null;
  end if;
  return private.require_open_account();
end $$;

--
-- Name: FUNCTION open_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.open_account() IS 'As require_open_account, for policies: null for a closed account where Supabase''s Storage and Realtime ask. Definer: as that.';

--
-- Name: open_shard(smallint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.open_shard(of_model smallint DEFAULT NULL::smallint) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $_$
declare
  model private.embedding_models;
  giant uuid;
  shard smallint;
begin
  select m.* into model from private.embedding_models m where m.id = of_model or (of_model is null and m.is_active);
  select c.scope_id into giant from private.passage_counts c
  where not exists (select from private.shards s where s.scope_id = c.scope_id and s.model_id = model.id)
  group by c.scope_id having sum(c.passages) >= private.shard_size()
  limit 1;
  if giant is null then
    return null;
  end if;
  insert into private.shards (model_id, scope_id) values (model.id, giant) returning id into shard;
  -- Empty at first, so that making it takes one look at the table; writers wait for that, and no longer than 2 s.
  execute pg_catalog.format(
    'create index chunk_embeddings_shard_%1$s_idx on public.chunk_embeddings '
    'using hnsw ((embedding::extensions.halfvec(%2$s)) extensions.halfvec_cosine_ops) '
    'with (m = 32, ef_construction = 400) where model_id = %3$s and shard_id = %1$s',
    shard, model.dimensions, model.id);
  return giant;
end $_$;

--
-- Name: FUNCTION open_shard(of_model smallint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.open_shard(of_model smallint) IS 'Makes the index of an audience that has grown to a giant, if there is one, and names it; for the active model unless another is given. Definer: only the owner of a table makes its indexes.';

--
-- Name: order_as_json(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.order_as_json(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return (
    select private.shown(o, (
      select pg_catalog.jsonb_agg(private.shown(i) order by i.position) from public.order_items i where i.order_id = o.id))
    from public.orders o where o.id = order_as_json.order_id);
end $$;

--
-- Name: FUNCTION order_as_json(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.order_as_json(order_id uuid) IS 'An order with its lines. Definer: called by the functions that write orders, which know whose it is; granted to nobody.';

--
-- Name: order_lines(jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.order_lines(items jsonb, OUT product_ids uuid[], OUT quantities integer[]) RETURNS record
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  shape constant text := 'Send [{"product_id": "<uuid>", "quantity": 2}, …]: 1 to 100 products, of each 1 to 10000.';
  wrong bigint;
begin
  if coalesce(pg_catalog.jsonb_typeof(items), '') <> 'array' then
    raise sqlstate 'PT422' using message = 'items must be a list', hint = shape;
  end if;
  if pg_catalog.jsonb_array_length(items) not between 1 and 100 then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('items must have 1 to 100 entries, not %s', pg_catalog.jsonb_array_length(items));
  end if;
  -- Only a case is sure to ask one thing after the other.
  select min(e.place) - 1 into wrong
  from pg_catalog.jsonb_array_elements(items) with ordinality e (item, place)
  where case
    when pg_catalog.jsonb_typeof(e.item) <> 'object' then true
    when e.item - array['product_id', 'quantity'] <> '{}' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'product_id'), '') <> 'string' then true
    when e.item ->> 'product_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then true
    when coalesce(pg_catalog.jsonb_typeof(e.item -> 'quantity'), '') <> 'number' then true
    when (e.item ->> 'quantity')::numeric not between 1 and 10000 then true
    else (e.item ->> 'quantity')::numeric % 1 <> 0
  end;
  if wrong is not null then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format(
        'items[%s] must have exactly product_id, a UUID, and quantity, a whole number from 1 to 10000', wrong);
  end if;
  select array_agg(l.id order by l.id), array_agg(l.quantity order by l.id)
  into product_ids, quantities
  from (
    select (e.item ->> 'product_id')::uuid as id, sum((e.item ->> 'quantity')::numeric)::integer as quantity
    from pg_catalog.jsonb_array_elements(items) e (item)
    group by 1) l;
  if 10000 < any (quantities) then
    raise sqlstate 'PT422' using hint = shape,
      message = pg_catalog.format('more than 10000 of product %s', product_ids[(
        select q.place from unnest(quantities) with ordinality q (quantity, place)
        where q.quantity > 10000 limit 1)]);
  end if;
end $_$;

--
-- Name: FUNCTION order_lines(items jsonb, OUT product_ids uuid[], OUT quantities integer[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.order_lines(items jsonb, OUT product_ids uuid[], OUT quantities integer[]) IS 'Products and quantities of a request, sorted, each product once. PT422 that says what to change.';

--
-- Name: orphaned_organizations(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.orphaned_organizations(person uuid) RETURNS TABLE(id uuid, name text, has_others boolean)
    LANGUAGE plpgsql STABLE ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  owned constant uuid[] := array(
    select m.organization_id from public.memberships m where m.user_id = person and m.role = 'owner');
begin
  return query
    with others as materialized (
      select m.organization_id, bool_or(m.role = 'owner') as are_owners
      from public.memberships m where m.organization_id = any (owned) and m.user_id <> person group by m.organization_id)
    select o.id, o.name, s.organization_id is not null
    from public.organizations o left join others s on s.organization_id = o.id
    where o.id = any (owned) and not coalesce(s.are_owners, false);
end $$;

--
-- Name: FUNCTION orphaned_organizations(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.orphaned_organizations(person uuid) IS 'Organizations that a person alone owns, and whether anybody else belongs to them.';

--
-- Name: owe_refund(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.owe_refund(order_id uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  charge private.payment_jobs;
begin
  select j.* into charge from private.payment_jobs j
  where j.order_id = owe_refund.order_id and j.kind = 'charge' and j.outcome = 'succeeded';
  if charge.order_id is null then
    return false;
  end if;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id)
  values (charge.order_id, 'refund', charge.amount, charge.currency, charge.customer_id)
  on conflict do nothing;
  return true;
end $$;

--
-- Name: FUNCTION owe_refund(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.owe_refund(order_id uuid) IS 'Notes that what the provider charged for an order goes back, once; false when the provider charged nothing. Definer: the outbox is nobody''s to write; called under the order''s lock, granted to nobody.';

--
-- Name: owner_names(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.owner_names(document_ids uuid[]) RETURNS TABLE(document_id uuid, name text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  caller constant uuid := auth.uid();
begin
  return query
    select d.id,
           case when d.visibility = 'private' or d.organization_id is null then coalesce(p.display_name, p.email) else o.name end
    from public.documents d
    left join public.organizations o on o.id = d.organization_id
    left join public.profiles p on p.id = d.owner_id
    where d.id = any (document_ids)
      -- As the policies of documents: an audience of the caller, or a share. Looked up for these few rows.
      and (d.visibility = 'private' and d.owner_id = caller
           or d.visibility = 'public' and (d.organization_id is null or o.may_publish)
           or d.visibility <> 'private'
              and exists (select from public.memberships m where m.organization_id = d.organization_id and m.user_id = caller)
           or exists (select from public.document_shares s where s.document_id = d.id and s.user_id = caller));
end $$;

--
-- Name: FUNCTION owner_names(document_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.owner_names(document_ids uuid[]) IS 'Names of the owners of those documents that the caller may read: the organization, else the person by display name or e-mail address. Definer: readers of a published or shared document read neither its organization nor the profile of its owner.';

--
-- Name: pairs_to_count(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.pairs_to_count(user_ids uuid[], product_ids uuid[]) RETURNS TABLE(user_id uuid, one uuid, two uuid)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  -- Of two that are new, one would be found from both sides.
  select distinct c.user_id, least(c.product_id, m.product_id), greatest(c.product_id, m.product_id)
  from unnest(user_ids, product_ids) c (user_id, product_id)
  cross join lateral (
    select b.product_id from private.counted_purchases(c.user_id) b
    where b.product_id <> c.product_id
    order by b.latest desc limit private.co_purchase_memory()) m
  where not exists (
    select from private.paired_purchases p
    where p.user_id = c.user_id and p.product_id = least(c.product_id, m.product_id)
      and greatest(c.product_id, m.product_id) = any (p.mates))
$$;

--
-- Name: FUNCTION pairs_to_count(user_ids uuid[], product_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.pairs_to_count(user_ids uuid[], product_ids uuid[]) IS 'Pairs of what somebody bought for the first time with the latest else that they have, as far as that person is not in their counts. The lesser of two products first.';

--
-- Name: parse_query(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.parse_query(query text) RETURNS private.parsed_query
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit());
  held private.query_operators;
  piece text[];
  phrase text;
  any_of boolean := false;
begin
  -- Most queries have no operator.
  if query !~ '"|\*|(^|\s)-\S' then
    return parsed;
  end if;
  held := private.query_operators(query);
  -- A log or a listing has stars, hyphens and quotation marks that nobody meant.
  if held.operators <= held.others and (held.operators > 16 or held.operators + held.others > 64) then
    return parsed;
  end if;
  perform private.enforce_limit('query_phrases', held.phrases, 'PT422'),
          private.enforce_limit('query_exclusions', held.exclusions, 'PT422'),
          private.enforce_limit('query_prefixes', held.prefixes, 'PT422'),
          private.enforce_limit('query_quoted_words', held.quoted_words, 'PT422');
  parsed.words := '';
  for piece in select regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"|(\S+))', 'g') loop
    -- piece: what is before, minus, phrase, word
    phrase := regexp_replace(piece[3], '\s+', ' ', 'g');
    if piece[2] = '-' then
      if not coalesce(phrase, piece[4]) = any (parsed.excluded) then
        parsed.excluded := parsed.excluded || coalesce(phrase, piece[4]);
      end if;
    elsif phrase is not null then
      parsed.words := parsed.words || ' ' || phrase;
      if any_of and cardinality(parsed.phrases) > 0 then
        parsed.phrases[cardinality(parsed.phrases)] := parsed.phrases[cardinality(parsed.phrases)] || E'\n' || phrase;
      else
        parsed.phrases := parsed.phrases || phrase;
      end if;
    elsif piece[4] ~ '^\w{2,}\*$' then
      if not lower(rtrim(piece[4], '*')) = any (parsed.prefixes) then
        parsed.prefixes := parsed.prefixes || lower(rtrim(piece[4], '*'));
      end if;
    else
      parsed.words := parsed.words || ' ' || piece[4];
    end if;
    any_of := lower(coalesce(piece[4], '')) = 'or' and cardinality(parsed.phrases) > 0;
  end loop;
  parsed.words := ltrim(parsed.words);
  parsed.phrases := array(
    select distinct array_to_string(array(select distinct a from unnest(string_to_array(p, E'\n')) a), E'\n')
    from unnest(parsed.phrases) p);
  -- Few different ones may stand in many groups of alternatives.
  perform private.enforce_limit(
    'query_phrases', cardinality(string_to_array(array_to_string(parsed.phrases, E'\n'), E'\n')), 'PT422');
  return parsed;
end $_$;

--
-- Name: FUNCTION parse_query(query text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.parse_query(query text) IS 'Takes a query apart as websearch_to_tsquery does, and prefixes: words are alternatives, a phrase must occur, what has a minus must not. PT422 when it holds more of an operator than private.limits allows. A query with no more operators than other words and more than 16 operators, or more than 64 in all, is a text: it has no operators.';

--
-- Name: payment_queue_status(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select w.waiting, p.parked, w.oldest
  from (
    select count(*) as waiting, coalesce(extract(epoch from now() - min(j.created_at)), 0) as oldest
    from private.payment_jobs j where j.done_at is null and j.parked_at is null) w
  cross join (select count(*) as parked from private.payment_jobs j where j.parked_at is not null) p
$$;

--
-- Name: FUNCTION payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision) IS 'How far payments are behind. Definer: counts rows of everybody, shows none.';

--
-- Name: person_name(jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.person_name(metadata jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  select left(n.name, 200)
  from unnest(array['display_name', 'full_name', 'name', 'preferred_username', 'user_name']) with ordinality k (key, place)
  cross join lateral (
    select regexp_replace(metadata ->> k.key,
      '^[\u0009-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\u0009-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$', '', 'g')) n (name)
  where jsonb_typeof(metadata -> k.key) = 'string' and n.name <> ''
  order by k.place limit 1
$_$;

--
-- Name: FUNCTION person_name(metadata jsonb); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.person_name(metadata jsonb) IS 'What a person said to be called, by the keys that clients and identity providers use; null where nothing of it is text.';

--
-- Name: place_order(jsonb, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.place_order(items jsonb, idempotency_key text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  buyer constant uuid := auth.uid();
  lines constant record := private.order_lines(items);
  hash bytea;
  known private.order_requests;
  found_lines record;
  placed public.orders;
  item_list jsonb;
  answer jsonb;
begin
  -- Locked before the products, as whoever closes the account locks it: neither waits in a circle, and an account that is
  -- closed meanwhile, or only marked as deleted, places no order that nobody cancels.
  perform from auth.users u where u.id = buyer and u.deleted_at is null for share;
  if not found then
    raise sqlstate 'PT403' using message = 'only a person with an account can order', hint = 'Sign in, and send the token.';
  end if;
  if idempotency_key is null or pg_catalog.char_length(idempotency_key) not between 1 and 255 then
    raise sqlstate 'PT422' using message = 'idempotency_key must have 1 to 255 characters',
      hint = 'Make a new UUID for each order, and send the same one when you send the order again.';
  end if;
  hash := pg_catalog.sha256(pg_catalog.convert_to(lines::text, 'UTF8'));

  -- One order of a person at a time: a second request with the key waits here for the first, and then finds its answer; one
  -- with another key finds what the first one holds.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(buyer::text, 0));
  select r.* into known from private.order_requests r
  where r.buyer_id = buyer and r.idempotency_key = place_order.idempotency_key;
  if known.order_id is not null then
    if known.request_hash <> hash then
      raise sqlstate 'PT409' using message = 'another order was placed with this idempotency_key',
        detail = pg_catalog.jsonb_build_object('order_id', known.order_id)::text,
        hint = 'Make a new key for a new order.';
    end if;
    return known.response;
  end if;
  perform private.enforce_holds(buyer, lines.product_ids, lines.quantities);

  -- Who comes too late for the last unit need not wait in the queue for it.
  perform private.refuse_shortage(lines.product_ids, lines.quantities);

  -- From here to the end of the transaction others wait who want the same products. Everybody locks them by their ids in
  -- one order, so that nobody waits in a circle; what is read is what it is under the lock.
  with locked as materialized (
    select p.id, p.name, p.price, p.currency, p.stock, p.is_active, w.quantity
    from unnest(lines.product_ids, lines.quantities) w (id, quantity)
    join public.products p on p.id = w.id
    order by p.id
    for update of p
  )
  select array_agg(l.id) filter (where l.is_active) as ids,
         min(l.currency) as currency, max(l.currency) as other_currency,
         sum(l.price * l.quantity) as total,
         bool_or(l.stock < l.quantity) as is_short
  into found_lines
  from locked l;

  if coalesce(pg_catalog.cardinality(found_lines.ids), 0) < pg_catalog.cardinality(lines.product_ids) then
    raise sqlstate 'PT404' using
      message = pg_catalog.format('product %s is not on sale', (
        select min(w.id::text) from unnest(lines.product_ids) w (id) where w.id <> all (coalesce(found_lines.ids, '{}')))),
      hint = 'Take it off the order.';
  end if;
  if found_lines.currency <> found_lines.other_currency then
    raise sqlstate 'PT422' using
      message = pg_catalog.format('an order has one currency, not %s and %s', found_lines.currency, found_lines.other_currency),
      hint = 'Place an order for each currency.';
  end if;
  if found_lines.total >= 1000000000000 then
    raise sqlstate 'PT422' using message = 'the total is too large', hint = 'Place several orders.';
  end if;
  if found_lines.is_short then
    perform private.refuse_shortage(lines.product_ids, lines.quantities);
  end if;

  insert into public.orders (buyer_id, currency, total) values (buyer, found_lines.currency, found_lines.total)
  returning * into placed;
  with taken as (
    update public.products p set stock = p.stock - w.quantity
    from unnest(lines.product_ids, lines.quantities) with ordinality w (id, quantity, position)
    where p.id = w.id
    returning w.position, p.id, p.sku, p.name, p.price, w.quantity
  ), written as (
    insert into public.order_items as i (order_id, position, product_id, sku, name, unit_price, quantity)
    select placed.id, t.position, t.id, t.sku, t.name, t.price, t.quantity from taken t
    returning i
  )
  select pg_catalog.jsonb_agg(private.shown(w.i) order by (w.i).position) into item_list from written w;
  insert into private.payment_jobs (order_id, kind, amount, currency, customer_id)
  values (placed.id, 'charge', placed.total, placed.currency, buyer);
  answer := private.shown(placed, item_list);
  insert into private.order_requests (buyer_id, idempotency_key, request_hash, response, order_id)
  values (buyer, idempotency_key, hash, answer, placed.id);
  return answer;
end $$;

--
-- Name: FUNCTION place_order(items jsonb, idempotency_key text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.place_order(items jsonb, idempotency_key text) IS 'As public.place_order. Definer: buyers write neither orders nor the stock.';

--
-- Name: plan_search(smallint, uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.plan_search(model smallint, scopes uuid[]) RETURNS private.search_plan
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  plan private.search_plan;
begin
  plan.shards := array(select s.id from private.shards s where s.model_id = model and s.scope_id = any (scopes));
  -- Each shard is walked, which takes as long as to compare 10,000 passages.
  select coalesce(sum(c.passages), 0),
         coalesce(sum(c.passages) filter (where not exists (
           select from private.shards s where s.model_id = model and s.is_complete and s.scope_id = c.scope_id)), 0)
           > greatest(private.comparison_limit() / 2, private.comparison_limit() - 10000 * cardinality(plan.shards))
  into plan.passages, plan.walks
  from private.passage_counts c where c.scope_id = any (scopes);
  return plan;
end $$;

--
-- Name: FUNCTION plan_search(model smallint, scopes uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.plan_search(model smallint, scopes uuid[]) IS 'How to search these audiences. Definer: reads counts; those of others tell which of two ways would be taken.';

--
-- Name: popular(uuid[], uuid, integer, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) RETURNS private.pick[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  shop constant uuid := '00000000-0000-0000-0000-000000000001';
begin
  if of_category is null then
    return array(
      select (y.product_id, private.popularity_now(y.score), source, null, source)::private.pick
      from public.product_popularity y join public.products p on p.id = y.product_id
      where y.scope_id = shop and p.is_active and p.is_in_stock and y.product_id <> all (excluded)
      order by y.score desc, y.product_id limit row_limit);
  end if;
  return array(
    select (y.product_id, private.popularity_now(y.score), source, null, source)::private.pick
    from public.product_popularity y join public.products p on p.id = y.product_id
    where y.scope_id = shop and y.category_id = of_category and p.is_active and p.is_in_stock
      and y.product_id <> all (excluded)
    order by y.score desc, y.product_id limit row_limit);
end $$;

--
-- Name: FUNCTION popular(excluded uuid[], of_category uuid, row_limit integer, source text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) IS 'The most popular products, of one category where it is given, that can be had and are not excluded.';

--
-- Name: popularity_exponent(timestamp with time zone); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.popularity_exponent(at timestamp with time zone) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select ((at at time zone 'utc')::date - date '2026-01-01') / private.popularity_half_life() $$;

--
-- Name: FUNCTION popularity_exponent(at timestamp with time zone); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.popularity_exponent(at timestamp with time zone) IS 'Half-lives from the beginning of 2026 to that day (UTC). All of a day counts the same, so that the order within it does not.';

--
-- Name: popularity_half_life(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.popularity_half_life() RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 7.0::double precision $$;

--
-- Name: FUNCTION popularity_half_life(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.popularity_half_life() IS 'Days in which what somebody did comes to count half as much. After a change: select private.rebuild_popularity().';

--
-- Name: popularity_now(double precision); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.popularity_now(score double precision) RETURNS double precision
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select private.power_of_two(score - private.popularity_exponent(now())) $$;

--
-- Name: FUNCTION popularity_now(score double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.popularity_now(score double precision) IS 'A score as people would count it: 10 for every purchase of today that would make the same popularity.';

--
-- Name: post_changed_passages(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.post_changed_passages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  with changed as materialized (
    select n.id, n.scope_id
    from new_rows n join old_rows o using (id)
    where (n.scope_id, n.token_count, n.language, n.title, n.heading_path, n.content)
       is distinct from (o.scope_id, o.token_count, o.language, o.title, o.heading_path, o.content)
  ), given_up as (
    delete from private.posted_passages p using changed c where p.chunk_id = c.id)
  insert into private.passages_to_post as w (chunk_id, scope_id)
  select c.id, c.scope_id from changed c
  on conflict (chunk_id) do update set scope_id = excluded.scope_id where w.scope_id <> excluded.scope_id;
  return null;
end $$;

--
-- Name: FUNCTION post_changed_passages(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.post_changed_passages() IS 'Statement trigger on chunks: other words or another audience, another number. Definer: as post_new_passages.';

--
-- Name: post_new_passages(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.post_new_passages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into private.passages_to_post (chunk_id, scope_id) select n.id, n.scope_id from new_rows n;
  return null;
end $$;

--
-- Name: FUNCTION post_new_passages(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.post_new_passages() IS 'Statement trigger on chunks. Definer: nobody else writes the postings.';

--
-- Name: post_passages(integer, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.post_passages(max_rows integer, tolerated integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  taken bigint[];
  audience record;
  segment bigint;
begin
  if not exists (select from private.passages_to_post w offset tolerated limit 1) then
    return 0;
  end if;
  -- The passages are locked: whoever changes one meanwhile waits, and then finds the number that it has to give up.
  taken := array(
    select c.id from public.chunks c
    where c.id = any (array(
      select w.chunk_id from private.passages_to_post w order by w.scope_id limit max_rows for update skip locked))
    for no key update skip locked);
  delete from private.passages_to_post w where w.chunk_id = any (taken);
  insert into private.posted_passages (chunk_id) select t.id from unnest(taken) t (id);
  for audience in
    select c.scope_id, count(*)::integer as passages from public.chunks c where c.id = any (taken) group by c.scope_id
  loop
    insert into private.posting_segments (scope_id, passages) values (audience.scope_id, audience.passages)
    returning id into segment;
    insert into private.postings (scope_id, word, stemmer, segment_id, size, postings)
    select audience.scope_id, v.lexeme, c.stemmer, segment, count(*), array_agg(
             p.posting_id * 65536 + least(coalesce(cardinality(v.positions), 1), 31) * 2048 + least(c.token_count, 2047)
             order by p.posting_id)
    from public.chunks c
    join private.posted_passages p on p.chunk_id = c.id
    cross join lateral unnest(c.search_vector) v
    where c.id = any (taken) and c.scope_id = audience.scope_id
    group by v.lexeme, c.stemmer;
    insert into private.vocabulary (scope_id, form, stemmer, stem, segment_id)
    select distinct audience.scope_id, f.form, c.stemmer, f.stem, segment
    from public.chunks c
    cross join lateral private.word_forms(c.stemmer, concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content)) f
    where c.id = any (taken) and c.scope_id = audience.scope_id and c.stemmer <> 'simple';
  end loop;
  return cardinality(taken);
end $$;

--
-- Name: FUNCTION post_passages(max_rows integer, tolerated integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.post_passages(max_rows integer, tolerated integer) IS 'Gathers the words of up to max_rows passages into blocks when more than tolerated wait, and says of how many. Definer: the worker sees only what has a job, and these have none.';

--
-- Name: posting_limit(bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.posting_limit(passages bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select greatest(30000, passages / 8) $$;

--
-- Name: FUNCTION posting_limit(passages bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.posting_limit(passages bigint) IS 'Postings that a search of so many passages reads, about 0.6 microseconds each. A passage has one for each of its words.';

--
-- Name: posting_row_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.posting_row_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 10000 $$;

--
-- Name: FUNCTION posting_row_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.posting_row_limit() IS 'Rows of postings, one for each word and audience, that a search reads: about 2 microseconds each.';

--
-- Name: postpone_payment(uuid, text, integer, text, double precision, integer, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders;
  job private.payment_jobs;
begin
  select o.* into known from public.orders o where o.id = postpone_payment.order_id for no key update;
  update private.payment_jobs j
  set is_sent = was_sent, last_error = postpone_payment.error,
      forgiven = j.forgiven + case when max_attempts is null then 1 else 0 end,
      available_at = now() + pg_catalog.make_interval(secs => delay_s),
      parked_at = case when j.attempts - j.forgiven >= max_attempts then now() end
  -- Unless somebody else has taken it since.
  where j.order_id = postpone_payment.order_id and j.kind = postpone_payment.kind and j.attempts = attempt
    and j.done_at is null and j.parked_at is null
  returning j.* into job;
  if job.order_id is null then
    return false;
  end if;
  if known.withdrawn_at is not null and known.status = 'pending' and not job.is_sent then
    perform private.withdraw_pending(array[known.id], known.reason);
    return false;
  end if;
  return job.parked_at is not null;
end $$;

--
-- Name: FUNCTION postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean) IS 'Gives a payment back for delay_s seconds, or parks it after max_attempts, null when the attempt does not count; whether it was parked. was_sent: whether the provider may have heard of it, in this attempt or before. Definer: as settle_payment.';

--
-- Name: power_of_two(double precision); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.power_of_two(exponent double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select case when exponent < -1000 then 0 else power(2::double precision, exponent) end $$;

--
-- Name: FUNCTION power_of_two(exponent double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.power_of_two(exponent double precision) IS '2^exponent, 0 where that is too small to be told from it.';

--
-- Name: prefix_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.prefix_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 64 $$;

--
-- Name: FUNCTION prefix_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.prefix_limit() IS 'Words that a beginning stands for at first, the most frequent; sixteen times as many where these do not fill the list.';

--
-- Name: prefix_stems(text[], uuid[], bigint[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.prefix_stems(prefixes text[], scopes uuid[], direct bigint[]) RETURNS TABLE(prefix text, stemmer text, stem text)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select p.prefix, v.stemmer, v.stem
  from unnest(prefixes) p (prefix)
  join private.vocabulary v on v.scope_id = any (scopes)
    and v.form >= p.prefix collate "C" and v.form < (p.prefix || chr(1114111)) collate "C"
    and not starts_with(v.stem, p.prefix)
  union
  select w.prefix, w.stemmer, s.stem
  from (
    select p.prefix, c.stemmer, string_agg(m.word[1], ' ') as words
    from public.chunks c
    cross join lateral concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content) t (content)
    join unnest(prefixes) p (prefix) on t.content ilike '%' || replace(p.prefix, '_', '\_') || '%'
    cross join lateral regexp_matches(lower(t.content), '\m' || p.prefix || '\w*', 'g') m (word)
    where c.id = any (direct)
    group by p.prefix, c.stemmer) w
  cross join lateral unnest(tsvector_to_array(to_tsvector(('pg_catalog.' || w.stemmer)::regconfig, w.words))) s (stem)
  where not starts_with(s.stem, w.prefix)
  union
  -- A prefix finds what the same letters find as a word: policy* finds policies.
  select p.prefix, w.stemmer, w.word
  from unnest(prefixes) p (prefix) cross join lateral private.query_words(p.prefix) w
  where not starts_with(w.word, p.prefix) and p.prefix !~ '_'
$$;

--
-- Name: FUNCTION prefix_stems(prefixes text[], scopes uuid[], direct bigint[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.prefix_stems(prefixes text[], scopes uuid[], direct bigint[]) IS 'Stems that do not begin with a prefix, of words that do and of the prefix as a word. Definer: as counted_words, which alone asks it.';

--
-- Name: products_with(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.products_with(query text) RETURNS TABLE(product_id uuid, rank real)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- One hyphen right before a word or a quotation excludes it. Any other that is not inside a word says nothing.
  clean constant text := regexp_replace(query, '(?<![\w-])(--+|-(?![\w"]))', ' ', 'g');
  language text := '';
  match tsquery;
begin
  -- One language after the other: joined with the list of them, the words would be read from end to end.
  loop
    select w.stemmer into language from private.product_words w
    where w.stemmer > language order by w.stemmer limit 1;
    exit when language is null;
    match := websearch_to_tsquery(('pg_catalog.' || language)::regconfig, clean);
    return query
      select w.product_id, ts_rank(w.words, match) from private.product_words w
      where w.words @@ match and w.stemmer = language;
  end loop;
end $$;

--
-- Name: FUNCTION products_with(query text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.products_with(query text) IS 'Products with these words, each language by its own stems, and how well they fit; hyphens that belong to no word are left out. Definer: an index of words cannot be used under a policy. Asked only by search_products, which reads what this names under the policies.';

--
-- Name: purchase_weight(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.purchase_weight() RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 10.0::double precision $$;

--
-- Name: FUNCTION purchase_weight(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.purchase_weight() IS 'What a purchase counts. A new product begins with 1. After a change: select private.rebuild_popularity().';

--
-- Name: query_operators(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.query_operators(query text) RETURNS private.query_operators
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  found private.query_operators;
begin
  with pieces as materialized (
    select p.piece[2] = '-' as is_exclusion, p.piece[3] as phrase, p.piece[4] = '' as is_closed,
           coalesce(p.piece[3], p.piece[5]) as written,
           p.piece[2] = '' and coalesce(p.piece[5] ~ '^\w{2,}\*$', false) as is_prefix
    -- piece: what is before, minus, phrase, the character after it, word
    from regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"(\S?)|(\S+))', 'g') p (piece)
  ), judged as (
    select p.*,
           case when p.phrase is null then p.is_exclusion or p.is_prefix
             else p.is_closed and p.phrase <> '' and p.phrase = btrim(p.phrase, E' \t\n\r') end as is_operator
    from pieces p
  )
  select count(*) filter (where j.is_operator),
         coalesce(sum(case when j.phrase is null then 1 else regexp_count(j.phrase, '\S+') end)
           filter (where not j.is_operator and lower(j.written) <> 'or'), 0),
         count(distinct j.written) filter (where j.phrase is not null and not j.is_exclusion),
         count(distinct j.written) filter (where j.is_exclusion),
         count(distinct lower(j.written)) filter (where j.is_prefix),
         (select coalesce(sum(regexp_count(q.written, '[[:alnum:]]+')), 0)
          from (select distinct k.written from judged k where k.phrase is not null or k.is_exclusion) q)
  into found
  from judged j;
  return found;
end $_$;

--
-- Name: FUNCTION query_operators(query text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.query_operators(query text) IS 'How much of each operator a query holds. A quotation that begins or ends with white space, or that goes on behind its closing mark, is no operator but words. The word "or" is neither.';

--
-- Name: query_terms(private.parsed_query, text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) RETURNS private.query_term[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  extent constant record := private.search_extent(kinds);
  total constant double precision := extent.passages;
  mean_length constant double precision := greatest(extent.tokens::double precision / greatest(extent.passages, 1), 1);
  terms private.query_term[] := array(select c from private.counted_words(parsed, scopes, direct) c);
  corrected private.query_term[] := '{}';
begin
  if 'products' = any (kinds) and exists (select from unnest(terms) t where t.frequency = 0) then
    corrected := array(select c from private.corrected_words(parsed.words, terms, scopes) c);
  end if;
  return array(
    -- Frequencies are those of what the caller may see: a score tells nothing of anybody else's texts. What stands for one
    -- word of the query, as all words with one beginning do, counts as one word.
    with known as (
      select t.* from unnest(terms) t
      where not exists (
        select from unnest(corrected) c
        where t.frequency = 0
          and t.word = any (tsvector_to_array(to_tsvector(('pg_catalog.' || t.stemmer)::regconfig, c.original))))
      union all
      select c.* from unnest(corrected) c
    ), grouped as (
      select k.*, sum(k.frequency) over (partition by k.stemmer, k.original)::double precision as passages from known k
    ), informed as (
      select g.*, g.trust * ln(1 + greatest(total - g.passages + 0.5, 0.5) / (g.passages + 0.5)) as information,
             row_number() over (partition by g.stemmer, g.original order by g.trust desc) as rank
      from grouped g
    ), weighed as (
      select i.*, i.information / sum(i.information) filter (where i.rank = 1) over (partition by i.stemmer) as share
      from informed i)
    select (w.stemmer, w.word, w.original, w.trust, w.frequency, w.share, mean_length)::private.query_term
    from weighed w where w.frequency > 0);
end $$;

--
-- Name: FUNCTION query_terms(parsed private.parsed_query, kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) IS 'The query''s stems weighed by how rare they are among the passages the caller may search. Definer: reads the postings of the caller''s own audiences.';

--
-- Name: query_words(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.query_words(query text) RETURNS TABLE(stemmer text, word text, times integer)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- Taking apart what is as long takes a time that grows with the square of it, and no word is.
  words constant text := case
    when char_length(query) > 255 then regexp_replace(query, '\S{255}\S+', ' ', 'g') else query end;
begin
  -- Walks the index from one stemmer to the next. Of a query that is a text, the first 64 words count.
  return query
    with recursive stemmers (name) as (
      (select c.stemmer from public.chunks c order by c.stemmer limit 1)
      union all
      select (select c.stemmer from public.chunks c where c.stemmer > s.name order by c.stemmer limit 1)
      from stemmers s where s.name is not null)
    select s.name, w.word, w.times
    from stemmers s
    cross join lateral (
      select v.lexeme, cardinality(v.positions)
      from unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, words)) v
      order by v.positions[1], v.lexeme limit 64) w (word, times)
    where s.name is not null;
end $$;

--
-- Name: FUNCTION query_words(query text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.query_words(query text) IS 'Stems of a query, without stop words, and how often each occurs, by every stemmer that some passage has: the query''s own language is not known. Definer: which there are must not depend on the caller, nor cost a scan of what is visible.';

--
-- Name: queue_interactions(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.queue_interactions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  noted constant bigint := (select count(*) from new_rows n where n.kind <> 'purchase');
begin
  -- Servers with the secret key note for many people.
  if noted > 0 and auth.jwt() ->> 'role' = 'authenticated' then
    perform private.enforce_interaction_rate(auth.uid(), noted);
  end if;
  insert into private.interactions_to_fold (interaction_id)
  select n.id from new_rows n where n.kind = 'purchase';
  return null;
end $$;

--
-- Name: FUNCTION queue_interactions(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.queue_interactions() IS 'Statement trigger on interactions: bounds how many looks and carts a person notes, and notes purchases as to be counted. Definer: nobody else writes those tables.';

--
-- Name: queue_organizations(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.queue_organizations(organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  insert into private.removals (kind, subject_id)
  select 'organization', o.id from unnest(organization_ids) o (id) on conflict do nothing;
  -- Nobody finds what it published, reads it as its founder, or wants its address in vain.
  update public.organizations o
  set may_publish = false, published_at = null, created_by = null, slug = 'removed-' || replace(o.id::text, '-', '')
  where o.id = any (organization_ids);
  delete from public.memberships m where m.organization_id = any (organization_ids);
  delete from public.invitations i where i.organization_id = any (organization_ids);
  perform private.note_everything_lost();
end $$;

--
-- Name: FUNCTION queue_organizations(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.queue_organizations(organization_ids uuid[]) IS 'Ends every right in these organizations, and leaves their rows to the worker.';

--
-- Name: raised_score(double precision, double precision, double precision); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.raised_score(score double precision, amount double precision, exponent double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select m.top + ln(greatest(
    private.power_of_two(score - m.top) + amount * private.power_of_two(exponent - m.top), 1e-30)) / ln(2::double precision)
  from (select greatest(score, exponent) as top) m
$$;

--
-- Name: FUNCTION raised_score(score double precision, amount double precision, exponent double precision); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.raised_score(score double precision, amount double precision, exponent double precision) IS 'The score after amount * 2^exponent more, or less when the amount is negative.';

--
-- Name: rate_new_products(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.rate_new_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into public.product_popularity (product_id, scope_id, category_id, score)
  select n.id, n.scope_id, n.category_id, private.popularity_exponent(n.created_at) from new_rows n;
  return null;
end $$;

--
-- Name: FUNCTION rate_new_products(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.rate_new_products() IS 'Statement trigger on products: a new one begins with a tenth of a purchase, so that a shop without a past shows its newest. Definer: nobody else writes popularity.';

--
-- Name: rebuild_popularity(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.rebuild_popularity() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  half_life constant double precision := private.popularity_half_life();
begin
  -- The worker counts nothing meanwhile. What is not counted yet stays so, and what is to be taken back is still in.
  perform pg_advisory_xact_lock(20261124, 1);
  update public.product_popularity p
  set score = s.score
  from (
    with once as (
      select i.product_id, i.user_id, (i.created_at at time zone 'utc')::date as day
      from public.interactions i
      where i.kind = 'purchase'
        and not exists (select from private.interactions_to_fold q where q.interaction_id = i.id)
      union
      select b.product_id, b.user_id, (b.created_at at time zone 'utc')::date from private.purchases_to_take_back b
    ), of_day as (
      select o.product_id, (o.day - date '2026-01-01') / half_life as exponent, count(*) as people
      from once o group by o.product_id, o.day
    ), topped as (
      select d.*, max(d.exponent) over (partition by d.product_id) as top from of_day d
    ), sums as (
      select t.product_id, t.top,
             private.purchase_weight() * sum(t.people * private.power_of_two(t.exponent - t.top)) as amount
      from topped t
      group by t.product_id, t.top)
    select b.id, coalesce(
             private.raised_score(private.popularity_exponent(b.created_at), d.amount, d.top),
             private.popularity_exponent(b.created_at)) as score
    from public.products b left join sums d on d.product_id = b.id) s
  where p.product_id = s.id;
end $$;

--
-- Name: FUNCTION rebuild_popularity(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.rebuild_popularity() IS 'Computes every score again from the purchases, as the owner of the tables: after a change of the weight or the half-life.';

--
-- Name: recent_seeds(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.recent_seeds() RETURNS private.seed[]
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(array_agg((r.product_id, r.weight * power(0.9, r.place - 1), r.is_bought)::private.seed order by r.place), '{}')
  from (
    select l.product_id, bool_or(l.kind = 'purchase') as is_bought,
           max(case l.kind when 'purchase' then 1.0 when 'cart' then 0.6 else 0.3 end)::double precision as weight,
           row_number() over (order by max(l.created_at) desc, l.product_id) as place
    from (
      select i.product_id, i.kind, i.created_at from public.interactions i
      where i.user_id = (select auth.uid()) order by i.created_at desc limit 200) l
    group by l.product_id order by place limit 20) r
$$;

--
-- Name: FUNCTION recent_seeds(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.recent_seeds() IS 'The caller''s last 20 products of the last 200 interactions, the latest first: what was bought counts 1, put into the cart 0.6, looked at 0.3, and each a tenth less than the one after it.';

--
-- Name: recommend_as(text, uuid, text, integer, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.recommend_as(claims text, like_product uuid, category text, max_results integer, mode text) RETURNS TABLE(source text, product_id uuid, name text, price numeric, currency text, category_slug text, score double precision, because jsonb)
    LANGUAGE plpgsql ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform private.become(claims);
  return query select * from public.recommend(recommend_as.like_product, recommend_as.category, max_results, mode);
end $$;

--
-- Name: FUNCTION recommend_as(claims text, like_product uuid, category text, max_results integer, mode text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.recommend_as(claims text, like_product uuid, category text, max_results integer, mode text) IS 'public.recommend as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the transaction ends.';

--
-- Name: refund_order(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refund_order(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.status in ('pending', 'cancelled') then
    raise sqlstate 'PT409' using message = pg_catalog.format('nothing was paid for an order that is %s', known.status),
      hint = 'Cancel it instead.';
  end if;
  if known.status <> 'refunded' then
    if known.withdrawn_at is null then
      update public.orders o set withdrawn_at = now(), reason = 'Refunded by the shop.' where o.id = known.id;
    end if;
    if not private.owe_refund(known.id) then
      perform private.complete_refund(known);
    end if;
  end if;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION refund_order(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.refund_order(order_id uuid) IS 'As public.refund_order. Definer: nobody writes orders.';

--
-- Name: refuse_closed_accounts(regclass); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refuse_closed_accounts(target regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  execute format(
    'create policy "open accounts alone" on %s as restrictive for all to authenticated '
    'using ((select private.open_account()) is not null)', target);
end $$;

--
-- Name: FUNCTION refuse_closed_accounts(target regclass); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.refuse_closed_accounts(target regclass) IS 'Gives a table the policy that keeps accounts out which are banned, softly deleted or gone. For every table that authenticated has a right to; the owner of the table runs it.';

--
-- Name: refuse_hold(text, bigint, uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refuse_hold(name text, actual bigint, product_id uuid) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  broken private.limits;
begin
  select l.* into broken from private.limits l where l.name = refuse_hold.name;
  raise sqlstate 'PT403' using
    message = format('At most %s %s are allowed; this would be %s.', broken.allowed, broken.what, actual),
    detail = jsonb_strip_nulls(jsonb_build_object(
      'limit', name, 'allowed', broken.allowed, 'actual', actual, 'product_id', product_id))::text,
    hint = format(
      'Order less, or pay or cancel an unpaid order first; the key may be used again. Operators change the limit by update '
      'private.limits set allowed = … where name = %L.', name);
end $$;

--
-- Name: FUNCTION refuse_hold(name text, actual bigint, product_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.refuse_hold(name text, actual bigint, product_id uuid) IS 'PT403 for somebody who holds too much, as private.enforce_limit, with what a buyer can do. Definer: reads the limits; granted to nobody.';

--
-- Name: refuse_shortage(uuid[], integer[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.refuse_shortage(product_ids uuid[], quantities integer[]) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  short record;
begin
  select p.id, p.name, p.stock, w.quantity into short
  from unnest(product_ids, quantities) w (id, quantity) join public.products p on p.id = w.id
  where p.stock < w.quantity
  order by p.id limit 1;
  -- That something is not on sale is said first: no smaller quantity helps.
  if short.id is null or (
    select count(*) from public.products p where p.id = any (product_ids) and p.is_active) < pg_catalog.cardinality(product_ids)
  then
    return;
  end if;
  raise sqlstate 'PT409' using
    message = case short.stock
      when 0 then pg_catalog.format('"%s" is out of stock', short.name)
      else pg_catalog.format('not enough of "%s": %s wanted, %s left', short.name, short.quantity, short.stock) end,
    detail = pg_catalog.jsonb_build_object(
      'product_id', short.id, 'name', short.name, 'requested', short.quantity, 'available', short.stock)::text,
    hint = 'Order no more than available. The key may be used again.';
end $$;

--
-- Name: FUNCTION refuse_shortage(product_ids uuid[], quantities integer[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.refuse_shortage(product_ids uuid[], quantities integer[]) IS 'PT409 for the first product of which there is too little. Definer: called by place_order alone; granted to nobody.';

--
-- Name: register_embedding_model(text, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.register_embedding_model(name text, dimensions integer) RETURNS smallint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    'with (m = 32, ef_construction = 400) where model_id = %1$s and is_indexed',
    model, register_embedding_model.dimensions);
  return model;
end $_$;

--
-- Name: FUNCTION register_embedding_model(name text, dimensions integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.register_embedding_model(name text, dimensions integer) IS 'Adds a model and its index; run by the owner of the tables. Search goes on with the active one.';

--
-- Name: remove_account_piece(uuid, boolean, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_account_piece(person uuid, deletes_account boolean, max_rows integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  removed integer;
  next_documents constant uuid[] := array(
    select d.id from public.documents d
    where d.owner_id = person and (d.organization_id is null or d.visibility = 'private')
    -- First what everybody reads.
    order by (d.visibility = 'public') desc limit least(max_rows, 250));
begin
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  removed := private.leave_some(person, least(max_rows, 250));
  if removed > 0 then
    return removed;
  end if;
  delete from public.invitations i
  where i.id in (select o.id from public.invitations o where o.invited_by = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.documents d set owner_id = null
  where d.id in (select o.id from public.documents o where o.owner_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from public.document_shares s
  where s.user_id = person
    and s.document_id in (select o.document_id from public.document_shares o where o.user_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.organizations o set created_by = null
  where o.id in (select f.id from public.organizations f where f.created_by = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from public.interactions i
  where i.id in (select o.id from public.interactions o where o.user_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  update public.orders o set buyer_id = null
  where o.id in (select b.id from public.orders b where b.buyer_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  delete from private.order_requests r
  where r.buyer_id = person and r.idempotency_key in (
    select o.idempotency_key from private.order_requests o where o.buyer_id = person limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  perform private.forget_uploader(person);
  delete from private.paired_purchases p where p.user_id = person;
  if deletes_account then
    delete from auth.users u where u.id = person;
  end if;
  return 0;
end $$;

--
-- Name: FUNCTION remove_account_piece(person uuid, deletes_account boolean, max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_account_piece(person uuid, deletes_account boolean, max_rows integer) IS 'A piece of the removal of what a closed account had; 0 when it is done.';

--
-- Name: remove_deserted(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_deserted(organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  deserted uuid[];
begin
  perform private.lock_leaving(organization_ids);
  deserted := array(
    with peopled as materialized (
      select distinct m.organization_id from public.memberships m where m.organization_id = any (organization_ids))
    select o.id
    from public.organizations o left join peopled p on p.organization_id = o.id
    where o.id = any (organization_ids) and p.organization_id is null);
  if cardinality(deserted) <= 1000 then
    perform private.remove_organizations(deserted);
    return;
  end if;
  insert into private.removals (kind, subject_id, organization_ids)
  select 'deserted', gen_random_uuid(), array_agg(d.id)
  from unnest(deserted) with ordinality d (id, place) group by d.place / 500;
  -- Nobody belongs to them; what they published is not everybody's any more.
  update public.organizations o set may_publish = false, published_at = null
  where o.published_at is not null and o.id = any (deserted);
end $$;

--
-- Name: FUNCTION remove_deserted(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_deserted(organization_ids uuid[]) IS 'Deletes those of these organizations that nobody belongs to. Definer: called where the last member leaves.';

--
-- Name: remove_deserted_piece(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_deserted_piece(organization_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.remove_deserted(organization_ids);
  return 0;
end $$;

--
-- Name: FUNCTION remove_deserted_piece(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_deserted_piece(organization_ids uuid[]) IS 'Deletes those of these organizations, which are few, that nobody belongs to; 0, since it is done then.';

--
-- Name: remove_documents(uuid[], integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_documents(document_ids uuid[], max_rows integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  removed integer;
begin
  -- What hangs on one document may be more than one piece.
  delete from public.document_shares s
  where (s.document_id, s.user_id) in (
    select o.document_id, o.user_id from public.document_shares o where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  delete from public.chunks c
  where c.id in (select o.id from public.chunks o where o.document_id = any (document_ids) limit max_rows);
  get diagnostics removed = row_count;
  if removed = max_rows then
    return removed;
  end if;
  delete from public.documents d where d.id = any (document_ids);
  get diagnostics removed = row_count;
  return removed;
end $$;

--
-- Name: FUNCTION remove_documents(document_ids uuid[], max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_documents(document_ids uuid[], max_rows integer) IS 'A piece of the removal of these documents, which are few: their shares, their passages, then themselves. How many rows.';

--
-- Name: remove_organization_piece(uuid, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_organization_piece(organization uuid, max_rows integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  removed integer;
  next_documents uuid[];
begin
  -- Nobody joins it from here on; who did before keeps it.
  perform from public.organizations o where o.id = organization for update;
  if not found or exists (select from public.memberships m where m.organization_id = organization) then
    return 0;
  end if;
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o where o.organization_id = organization and o.visibility = 'private' limit max_rows);
  get diagnostics removed = row_count;
  if removed > 0 then
    return removed;
  end if;
  next_documents := array(
    select d.id from public.documents d where d.organization_id = organization limit least(max_rows, 250));
  if next_documents <> '{}' then
    return private.remove_documents(next_documents, max_rows);
  end if;
  delete from public.organizations o where o.id = organization;
  return 0;
end $$;

--
-- Name: FUNCTION remove_organization_piece(organization uuid, max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_organization_piece(organization uuid, max_rows integer) IS 'A piece of the removal of an organization that nobody belongs to; 0 when it is done.';

--
-- Name: remove_organizations(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_organizations(organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  if cardinality(organization_ids) > 1
    and exists (select from public.documents d where d.organization_id = any (organization_ids) offset 500)
  then
    perform private.queue_organizations(organization_ids);
  else
    delete from public.organizations o where o.id = any (organization_ids);
  end if;
end $$;

--
-- Name: FUNCTION remove_organizations(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_organizations(organization_ids uuid[]) IS 'Deletes organizations that nobody else belongs to, a thousand at most; at once or, where they hold much, in pieces.';

--
-- Name: remove_own_organizations(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_own_organizations(person uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.lock_organizations(person);
  delete from public.organizations o
  where o.id in (select m.organization_id from public.memberships m where m.user_id = person)
    and not exists (select from public.memberships s where s.organization_id = o.id and s.user_id <> person);
end $$;

--
-- Name: FUNCTION remove_own_organizations(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_own_organizations(person uuid) IS 'Deletes the organizations that nobody but this person belongs to.';

--
-- Name: remove_personal_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_personal_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: remove_some(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.remove_some(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '2s'
    AS $$
declare
  next private.removals;
  removed integer;
begin
  select r.* into next from private.removals r where r.turn <= clock_timestamp() order by r.turn limit 1 for update skip locked;
  if not found then
    return 0;
  end if;
  begin
    removed := case next.kind
      when 'organization' then private.remove_organization_piece(next.subject_id, max_rows)
      when 'account' then private.remove_account_piece(next.subject_id, next.deletes_account, max_rows)
      when 'deserted' then private.remove_deserted_piece(next.organization_ids)
      else private.return_drafts_piece(next.subject_id, max_rows) end;
  exception when others then
    -- The others go on meanwhile.
    update private.removals r
    set attempts = r.attempts + 1, last_error = sqlerrm,
        turn = clock_timestamp() + least(600, 2 ^ least(r.attempts, 10)) * interval '1 second'
    where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    raise warning 'the removal of % % failed, and is tried again: %', next.kind, next.subject_id, sqlerrm;
    return 1;
  end;
  if removed = 0 then
    delete from private.removals r where (r.kind, r.subject_id) = (next.kind, next.subject_id);
    return 1;
  end if;
  update private.removals r set turn = clock_timestamp(), attempts = 0, last_error = null
  where (r.kind, r.subject_id) = (next.kind, next.subject_id);
  return removed;
end $$;

--
-- Name: FUNCTION remove_some(max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.remove_some(max_rows integer) IS 'Removes up to so many rows, and what hangs on them, of what waits longest in private.removals. How many, at least 1; 0 when nothing waits. Definer: the worker has no rights on what is removed.';

--
-- Name: repair_passage_counts(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.repair_passage_counts() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  repaired bigint;
begin
  -- One statement, so one snapshot: what others write meanwhile is in neither sum.
  insert into private.passage_counts (scope_id, passages, tokens)
  select d.scope_id, sum(d.passages), sum(d.tokens)
  from (
    select c.scope_id, count(*) as passages, sum(c.token_count) as tokens from public.chunks c group by c.scope_id
    union all
    select p.scope_id, -sum(p.passages), -sum(p.tokens) from private.passage_counts p group by p.scope_id) d
  group by d.scope_id
  having sum(d.passages) <> 0 or sum(d.tokens) <> 0;
  get diagnostics repaired = row_count;
  return repaired;
end $$;

--
-- Name: FUNCTION repair_passage_counts(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.repair_passage_counts() IS 'Corrects the counts of audiences where they are wrong, and says of how many; it counts every passage. Definer: as add_up_passage_counts.';

--
-- Name: replanning_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replanning_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 10000 $$;

--
-- Name: FUNCTION replanning_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.replanning_limit() IS 'Visible passages from which comparing them is planned anew for each caller, which takes as long as to compare a few hundred.';

--
-- Name: replay_document(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replay_document(document_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: replay_payment(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.replay_payment(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  update private.payment_jobs j set parked_at = null, forgiven = j.attempts, available_at = now()
  where j.order_id = known.id and j.parked_at is not null;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION replay_payment(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.replay_payment(order_id uuid) IS 'As public.replay_payment. Definer: the outbox is nobody''s to write.';

--
-- Name: require_open_account(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.require_open_account() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  person constant uuid := auth.uid();
  account record;
  hint constant text := 'Without a token you may do what every visitor may.';
begin
  if person is null then
    return null;
  end if;
  select u.deleted_at, u.banned_until into account from auth.users u where u.id = person;
  if not found or account.deleted_at is not null then
    raise sqlstate 'PT401' using message = 'this account is closed', hint = hint;
  elsif account.banned_until > now() then
    raise sqlstate 'PT403' using message = 'this account is banned', hint = hint,
      detail = jsonb_build_object('banned_until', account.banned_until)::text;
  end if;
  return person;
end $$;

--
-- Name: FUNCTION require_open_account(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.require_open_account() IS 'The caller''s account; null for nobody. PT403 when it is banned (auth.users.banned_until), PT401 when it is softly deleted (deleted_at) or gone. Definer: callers read no table of auth, and learn of their own account alone.';

--
-- Name: require_owner(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.require_owner(organization_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
begin
  -- Two owners who leave at once must see each other.
  perform private.lock_leaving(organization_ids);
  if exists (
    select from public.organizations o
    where o.id = any (organization_ids)
      and not exists (select from public.memberships m where m.organization_id = o.id and m.role = 'owner'))
  then
    raise exception 'an organization keeps at least one owner'
      using errcode = 'check_violation',
            hint = 'Invite somebody as an owner first and wait until they accept, or delete the organization.';
  end if;
end $$;

--
-- Name: FUNCTION require_owner(organization_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.require_owner(organization_ids uuid[]) IS 'Refuses when one of these organizations has no owner. Definer: locks rows that the caller may not lock.';

--
-- Name: require_owner_of_moved(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.require_owner_of_moved() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- What functions move, such as drafts of an organization that is deleted, stays its owner's.
  if current_user = 'authenticated' and new.owner_id is distinct from auth.uid() then
    raise sqlstate 'PT403' using message = 'Only its owner files a document elsewhere.',
      hint = 'Leave organization_id as it is, or ask the owner (owner_id) to change it.';
  end if;
  return new;
end $$;

--
-- Name: FUNCTION require_owner_of_moved(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.require_owner_of_moved() IS 'Row trigger on documents whose organization changes: editors change and delete what colleagues wrote, and leave it where it is.';

--
-- Name: require_publisher(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.require_publisher() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if coalesce(auth.jwt() ->> 'role', '') <> 'authenticated' then
    update public.organizations o set published_at = now() where o.id = new.organization_id and o.published_at is null;
  elsif new.organization_id is null then
    raise sqlstate 'PT403' using message = 'A document of one''s own cannot be made public.',
      hint = 'File it in an organization that may publish: set organization_id.';
  elsif not exists (select from public.organizations o where o.id = new.organization_id and o.may_publish) then
    raise sqlstate 'PT403' using message = 'The organization may not publish to everybody.',
      hint = 'Ask the staff for the right, or set visibility to "organization".';
  end if;
  return new;
end $$;

--
-- Name: FUNCTION require_publisher(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.require_publisher() IS 'Row trigger on documents that become public: people make them so only in an organization that may publish. Definer: who may publish is not for everybody to read.';

--
-- Name: return_drafts(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_drafts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  left_by record;
begin
  if tg_op = 'DELETE' then
    for left_by in
      select l.* from (
        select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
        where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      perform private.make_drafts_personal(left_by.user_ids, left_by.organization_ids);
    end loop;
  else
    for left_by in
      select l.* from (
        select array_agg(o.user_id) as u, array_agg(o.organization_id) as o
        from old_rows o join new_rows n using (organization_id, user_id)
        where o.role >= 'editor' and n.role < 'editor') p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      perform private.make_drafts_personal(left_by.user_ids, left_by.organization_ids);
    end loop;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION return_drafts(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.return_drafts() IS 'Statement trigger on memberships: private documents of somebody who may write in the organization no longer become personal, since filing wants the role of an editor. Definer: whoever takes the role away cannot see them.';

--
-- Name: return_drafts_piece(uuid, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_drafts_piece(person uuid, max_rows integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  returned integer;
begin
  update public.documents d set organization_id = null
  where d.id in (
    select o.id from public.documents o
    where o.owner_id = person and o.visibility = 'private' and o.organization_id is not null
      and not exists (
        select from public.memberships m
        where m.organization_id = o.organization_id and m.user_id = person and m.role >= 'editor')
    limit max_rows);
  get diagnostics returned = row_count;
  return returned;
end $$;

--
-- Name: FUNCTION return_drafts_piece(person uuid, max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.return_drafts_piece(person uuid, max_rows integer) IS 'Makes some drafts of a person personal that are filed where the person may not write; 0 when none are left.';

--
-- Name: return_private_documents(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_private_documents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: return_stock(uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.return_stock(order_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- In the order in which place_order locks them, so that nobody waits in a circle.
  perform p.id
  from public.products p
  where p.id in (select i.product_id from public.order_items i where i.order_id = any (order_ids))
  order by p.id
  for update;
  -- Whoever fills the shelf to the brim meanwhile must not keep an order from being cancelled.
  update public.products p set stock = least(p.stock::bigint + r.quantity, 2147483647)::integer
  from (
    select i.product_id, sum(i.quantity) as quantity
    from public.order_items i where i.order_id = any (order_ids) and i.product_id is not null
    group by i.product_id) r
  where p.id = r.product_id;
end $$;

--
-- Name: FUNCTION return_stock(order_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.return_stock(order_ids uuid[]) IS 'Puts the units of these orders back; those of deleted products are gone. Definer: the stock is not the buyer''s; granted to nobody.';

--
-- Name: revoke_invitations(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.revoke_invitations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$
declare
  loser record;
  sent uuid[];
begin
  if tg_op = 'DELETE' then
    for loser in
      select l.* from (
        select array_agg(m.user_id) as u, array_agg(m.organization_id) as o from old_rows m
        where m.organization_id not in (select r.subject_id from private.removals r where r.kind = 'organization')) p
      cross join lateral private.leavers(p.u, p.o) l
    loop
      sent := array(
        select i.id from public.invitations i
        where i.invited_by = any (loser.user_ids) and i.status = 'pending' and i.organization_id = any (loser.organization_ids));
      if cardinality(sent) > 1000 then
        -- Ten indexes need not learn of the new status.
        delete from public.invitations i where i.id = any (sent);
      elsif sent <> '{}' then
        update public.invitations i set status = 'revoked' where i.id = any (sent);
      end if;
    end loop;
  else
    for loser in
      select n.user_id, n.role, array_agg(n.organization_id) as organizations
      from old_rows o join new_rows n using (organization_id, user_id) where n.role < o.role group by n.user_id, n.role
    loop
      update public.invitations i set status = 'revoked'
      where i.invited_by = loser.user_id and i.status = 'pending' and i.organization_id = any (loser.organizations)
        and (loser.role < 'admin' or i.role = 'owner');
    end loop;
  end if;
  return null;
end $$;

--
-- Name: FUNCTION revoke_invitations(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.revoke_invitations() IS 'Statement trigger on memberships: invitations of somebody who may not send them any more are void. Those to read a document are looked at when they are accepted. Definer: they are not the remover''s to change.';

--
-- Name: row_id_tables(bigint); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.row_id_tables(milliseconds bigint) RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  hash bytea;
  tables bytea := '';
begin
  select sha512(s.value || int8send(milliseconds)) into strict hash from private.secrets s where s.name = 'row_ids';
  for round in 1..3 loop
    tables := tables || hash;
    hash := sha512(hash);
  end loop;
  return tables;
end $$;

--
-- Name: FUNCTION row_id_tables(milliseconds bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.row_id_tables(milliseconds bigint) IS 'Three tables of 64 random bytes, others for each millisecond, which say how private.shuffled shuffles. Definer: nobody else reads the key.';

--
-- Name: scores_of_passages(bigint[], private.query_term[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.scores_of_passages(passages bigint[], terms private.query_term[]) RETURNS SETOF private.chunk_match
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_nestloop TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
begin
  return query
    select v.source_id, v.id,
           sum(t.weight * v.times / (v.times + 0.3::double precision + 0.9 / t.average_length * v.length))
    from (
      select c.source_id, c.id, c.stemmer, least(c.token_count, 2047)::double precision as length, w.lexeme,
             least(coalesce(cardinality(w.positions), 1), 31)::double precision as times
      from public.chunks c cross join lateral unnest(c.search_vector) w
      where c.id = any (passages)) v
    join unnest(terms) t on t.word = v.lexeme and t.stemmer = v.stemmer
    group by v.source_id, v.id;
end $$;

--
-- Name: FUNCTION scores_of_passages(passages bigint[], terms private.query_term[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.scores_of_passages(passages bigint[], terms private.query_term[]) IS 'The score of each of these passages that has any of the words, from its text: about 10 microseconds each.';

--
-- Name: search_as(text, text, extensions.halfvec, text, text[], integer, uuid[], text, numeric, numeric, boolean, jsonb, text, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text DEFAULT 'bounded'::text) RETURNS TABLE(kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[], score double precision, metadata jsonb, complete boolean, owner jsonb)
    LANGUAGE plpgsql ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
begin
  perform private.become(claims);
  return query select * from public.search(
    search_as.query, query_embedding, search_as.mode, kinds, max_results,
    organization_ids, search_as.category, price_min, price_max, in_stock, metadata_contains, embedding_model, effort);
end $$;

--
-- Name: FUNCTION search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) IS 'public.search as the caller of these verified claims, in one round trip. In autocommit only: the role lasts until the transaction ends.';

--
-- Name: search_extent(text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
begin
  select coalesce(sum(c.passages), 0), coalesce(sum(c.tokens), 0) into passages, tokens
  from (
    select p.passages, p.tokens from private.passage_counts p where p.scope_id = any (scopes)
    union all
    select count(*), sum(s.token_count) from public.chunks s
    where s.source_id = any (shares) and not s.scope_id = any (scopes)) c;
end $$;

--
-- Name: FUNCTION search_extent(kinds text[], OUT passages bigint, OUT tokens bigint); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) IS 'How many passages, and tokens, the caller may search. Definer: reads the counts of the caller''s own audiences only.';

--
-- Name: search_scopes(text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_scopes(kinds text[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return array(
    select s.id from private.my_scopes() s (id)
    where case when s.id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
               then 'products' else 'documents' end = any (kinds));
end $$;

--
-- Name: FUNCTION search_scopes(kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_scopes(kinds text[]) IS 'The caller''s audiences that hold these kinds.';

--
-- Name: search_shares(text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_shares(kinds text[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if 'documents' = any (kinds) and auth.uid() is not null then
    return array(select private.my_shared_documents());
  end if;
  return '{}';
end $$;

--
-- Name: FUNCTION search_shares(kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.search_shares(kinds text[]) IS 'Documents shared with the caller, where documents are searched.';

--
-- Name: search_vector(text, text, text[], text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.search_vector(language text, title text, heading_path text[], content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: semantic_matches(extensions.halfvec, text[], uuid[], uuid[], integer, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean DEFAULT false) RETURNS private.search_leg
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model constant record := private.active_embedding_model();
  scopes constant uuid[] := private.search_scopes(kinds);
  named_scopes constant uuid[] := case when not kinds @> '{documents,products}' then scopes end;
  shares constant uuid[] := private.search_shares(kinds);
  plan constant private.search_plan := private.plan_search(model.id, scopes);
  is_walked constant boolean := not exact and (plan.walks or cardinality(plan.shards) > 0);
  most constant bigint := case when not exact then private.comparison_limit() end;
  row_limit constant integer := greatest(200, 8 * match_count);
  near private.chunk_match[] := '{}';
  leg private.search_leg;
begin
  if extensions.l2_norm(query_embedding) = 0 then
    raise exception 'the query''s vector has no direction: all of it is zero' using errcode = 'invalid_parameter_value';
  end if;
  if extensions.vector_dims(query_embedding) is distinct from model.dimensions then
    raise exception 'the query has % dimensions, the active model % has %',
      extensions.vector_dims(query_embedding), model.name, model.dimensions using errcode = 'invalid_parameter_value';
  end if;
  if sources is not null and (not is_walked or cardinality(sources) <= private.source_limit()) then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, case when is_walked then most end);
    if leg.is_complete then
      return leg;
    end if;
    near := leg.matches;
  elsif not is_walked and plan.passages <= private.replanning_limit() then
    return private.nearest_of_visible(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null);
  elsif not is_walked then
    return private.nearest_of_many(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, null);
  end if;
  near := near || private.nearest_by_plan(
    query_embedding, model.id, model.dimensions, plan, scopes, shares, sources, excluded, match_count, row_limit);
  leg := (private.best_of_sources(near, row_limit), false);
  if cardinality(leg.matches) < match_count then
    -- A long document may have filled the rows with passages of its own.
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  if cardinality(leg.matches) < match_count and sources is null then
    -- The walk came up short: passages of others are nearest. Some are compared, and often all.
    leg := private.nearest_of_many(
      query_embedding, model.id, named_scopes, shares, excluded, match_count, row_limit, most);
    near := near || leg.matches;
    leg.matches := private.best_of_sources(near, cardinality(near));
  end if;
  if cardinality(leg.matches) < match_count and cardinality(sources) > private.source_limit() then
    leg := private.nearest_of_sources(
      query_embedding, model.id, sources, excluded, match_count, row_limit, private.source_limit());
    leg := (private.best_of_sources(near || leg.matches, cardinality(near || leg.matches)), leg.is_complete);
  end if;
  return leg;
end $$;

--
-- Name: FUNCTION semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean) IS 'The nearest sources, best passage each: exact where no more than private.comparison_limit passages are to be compared, by indexes beyond, some compared as well when these come up short. exact: compares everything.';

--
-- Name: semantic_weight(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.semantic_weight() RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(
    nullif(current_setting('tidegate.semantic_weight', true), '')::double precision,
    (select s.semantic_weight from private.settings s), 0.6)
$$;

--
-- Name: FUNCTION semantic_weight(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.semantic_weight() IS 'What meaning counts in a hybrid search; words count the rest. 0.6 unless private.settings says otherwise, or, for a session that tries something, set tidegate.semantic_weight. Definer: reads the settings.';

--
-- Name: set_publishing(uuid, boolean); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.set_publishing(organization_id uuid, may_publish boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  update public.organizations o set may_publish = set_publishing.may_publish where o.id = set_publishing.organization_id;
  if not found then
    raise sqlstate 'PT404' using message = format('There is no organization %s.', coalesce(organization_id::text, '(null)'));
  end if;
end $$;

--
-- Name: FUNCTION set_publishing(organization_id uuid, may_publish boolean); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.set_publishing(organization_id uuid, may_publish boolean) IS 'As public.set_publishing. Definer: staff do not write organizations.';

--
-- Name: settle_late_charge(uuid, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.settle_late_charge(order_id uuid, reference text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update private.payment_jobs j set outcome = 'succeeded', reference = settle_late_charge.reference
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge' and j.outcome = 'never sent';
  if found then
    return private.owe_refund(settle_late_charge.order_id);
  end if;
  update private.payment_jobs j
  set reference = settle_late_charge.reference, parked_at = now(),
      last_error = 'The provider charged the buyer as well, after the order was marked as paid by hand.'
  where j.order_id = settle_late_charge.order_id and j.kind = 'charge' and j.outcome = 'by hand' and j.reference is null;
  return found;
end $$;

--
-- Name: FUNCTION settle_late_charge(order_id uuid, reference text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.settle_late_charge(order_id uuid, reference text) IS 'Money that came although nobody waited for it any more: of a cancelled order it goes back, beside a payment by hand it is for staff to see; false when it was known. Definer: as settle_payment, which calls it under the order''s lock.';

--
-- Name: settle_payment(uuid, text, boolean, text, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders;
begin
  perform private.lock_buyer(order_id);
  select o.* into known from public.orders o where o.id = settle_payment.order_id for no key update;
  if settle_payment.kind = 'refund' and not is_accepted then
    -- Money that the provider does not give back is for people to look at.
    update private.payment_jobs j set parked_at = now(), last_error = settle_payment.reason
    where j.order_id = settle_payment.order_id and j.kind = 'refund' and j.done_at is null;
    return found;
  end if;
  update private.payment_jobs j
  set done_at = now(), outcome = case when is_accepted then 'succeeded' else 'declined' end, parked_at = null,
      reference = settle_payment.reference, last_error = settle_payment.reason
  where j.order_id = settle_payment.order_id and j.kind = settle_payment.kind and j.done_at is null;
  if not found then
    return settle_payment.kind = 'charge' and is_accepted and private.settle_late_charge(known.id, settle_payment.reference);
  end if;
  if settle_payment.kind = 'refund' then
    perform private.complete_refund(known);
  elsif not is_accepted then
    update public.orders o set status = 'cancelled', reason = coalesce(pg_catalog.left(settle_payment.reason, 500), 'The payment was declined.')
    where o.id = known.id;
    perform private.return_stock(array[known.id]);
  else
    update public.orders o set status = 'paid' where o.id = known.id and o.status = 'pending';
    if known.withdrawn_at is not null then
      perform private.owe_refund(known.id);
    end if;
  end if;
  return true;
end $$;

--
-- Name: FUNCTION settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text) IS 'Notes what the provider said, and what follows for order and stock, in one transaction; false when it was known already. Definer: the worker writes orders only so.';

--
-- Name: shard_size(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.shard_size() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 20000 $$;

--
-- Name: FUNCTION shard_size(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.shard_size() IS 'Passages from which an audience has an index of its own; it loses it below half of that.';

--
-- Name: ship_order(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.ship_order(order_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known public.orders := private.lock_order(order_id, true);
begin
  if known.withdrawn_at is not null and known.status = 'paid' then
    raise sqlstate 'PT409' using message = 'the order was cancelled and is being refunded';
  end if;
  if known.status <> 'shipped' then
    update public.orders o set status = 'shipped' where o.id = known.id;
  end if;
  return private.order_as_json(known.id);
end $$;

--
-- Name: FUNCTION ship_order(order_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.ship_order(order_id uuid) IS 'As public.ship_order. Definer: nobody writes orders.';

--
-- Name: order_items; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.order_items (
    order_id uuid NOT NULL,
    "position" smallint NOT NULL,
    product_id uuid,
    sku text NOT NULL,
    name text NOT NULL,
    unit_price numeric(12,2) NOT NULL,
    quantity integer NOT NULL,
    CONSTRAINT order_items_position_check CHECK (("position" > 0)),
    CONSTRAINT order_items_quantity_check CHECK ((quantity > 0)),
    CONSTRAINT order_items_unit_price_check CHECK ((unit_price > (0)::numeric))
);

ALTER TABLE ONLY public.order_items FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE order_items; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.order_items IS 'Lines of orders, one a product, as they were when the order was placed.';

--
-- Name: COLUMN order_items.order_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.order_id IS 'The order.';

--
-- Name: COLUMN order_items."position"; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items."position" IS 'Place of the line, from 1.';

--
-- Name: COLUMN order_items.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.product_id IS 'The product; null once it was deleted.';

--
-- Name: COLUMN order_items.sku; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.sku IS 'Its stock-keeping unit at that time.';

--
-- Name: COLUMN order_items.name; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.name IS 'Its name at that time.';

--
-- Name: COLUMN order_items.unit_price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.unit_price IS 'Its price at that time.';

--
-- Name: COLUMN order_items.quantity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.order_items.quantity IS 'Units.';

--
-- Name: shown(public.order_items); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.shown(line public.order_items) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return pg_catalog.jsonb_build_object(
    'product_id', line.product_id, 'sku', line.sku, 'name', line.name, 'unit_price', line.unit_price, 'quantity', line.quantity);
end $$;

--
-- Name: FUNCTION shown(line public.order_items); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.shown(line public.order_items) IS 'A line as its buyer is shown it; granted to nobody.';

--
-- Name: shown(public.orders, jsonb); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.shown(known public.orders, items jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return pg_catalog.jsonb_build_object(
    'id', known.id, 'status', known.status, 'currency', known.currency, 'total', known.total, 'reason', known.reason,
    'withdrawn_at', known.withdrawn_at, 'created_at', known.created_at, 'expires_at', public.expires_at(known),
    'items', items);
end $$;

--
-- Name: FUNCTION shown(known public.orders, items jsonb); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.shown(known public.orders, items jsonb) IS 'An order as its buyer is shown it; granted to nobody.';

--
-- Name: shuffled(integer, bytea); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.shuffled(number integer, tables bytea) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  high integer := (number >> 6) & 63;
  low integer := number & 63;
begin
  high := high # (get_byte(tables, low) & 63);
  low := low # (get_byte(tables, 64 + high) & 63);
  high := high # (get_byte(tables, 128 + low) & 63);
  return (high << 6) | low;
end $$;

--
-- Name: FUNCTION shuffled(number integer, tables bytea); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.shuffled(number integer, tables bytea) IS 'A number from 0 to 4,095 for another one, by a permutation that the tables choose: a Feistel network of three rounds (Luby and Rackoff, How to construct pseudorandom permutations from pseudorandom functions, 1988).';

--
-- Name: snippet(text, text, tsquery); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.snippet(content text, stemmer text, any_word tsquery) RETURNS private.snippet
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  plain text := content;
  marked text;
  fragment text;
  cut private.snippet := ('', '{}');
  part text;
begin
  -- Looking costs a tenth of replacing, and most passages have nothing to replace.
  if plain ~ '[\x02\x03]' then
    plain := translate(plain, E'\x02\x03', '');
  end if;
  -- Without what is Markdown rather than text: headings (heading_path has them), table rules, emphasis, list marks.
  if plain ~ '[#*_`|>+]|^\s*(-|\d+\.)\s|\n\s*(-|\d+\.)\s' then
    plain := regexp_replace(regexp_replace(regexp_replace(
      plain, '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'),
      '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn');
  end if;
  if plain ~ '\s\s|[\t\n\r\f\v]|^\s|\s$' then
    plain := trim(regexp_replace(plain, '\s+', ' ', 'g'));
  end if;
  marked := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    E'StartSel="\x02", StopSel="\x03", MaxWords=60, MinWords=30'));
  fragment := translate(marked, E'\x02\x03', '');
  if fragment = '' then
    cut.text := left(regexp_replace(trim(content), '\s+', ' ', 'g'), 300);
    return cut;
  end if;
  cut.text := case when starts_with(plain, fragment) then '' else '… ' end;
  foreach part in array string_to_array(marked, E'\x02') loop
    if strpos(part, E'\x03') > 0 then
      cut.highlights := cut.highlights || array[array[
        char_length(cut.text), char_length(cut.text) + strpos(part, E'\x03') - 1]];
    end if;
    cut.text := cut.text || replace(part, E'\x03', '');
  end loop;
  if right(plain, length(fragment)) <> fragment then
    cut.text := cut.text || ' …';
  end if;
  return cut;
end $_$;

--
-- Name: FUNCTION snippet(content text, stemmer text, any_word tsquery); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) IS 'Some fifty words of a passage around the query''s words, or its beginning; an ellipsis where it was cut.';

--
-- Name: sorted_letters(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.sorted_letters(word text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select string_agg(l.letter, '' order by l.letter collate "C") from string_to_table(word, null) l (letter) $$;

--
-- Name: FUNCTION sorted_letters(word text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.sorted_letters(word text) IS 'Equal for words of the same letters.';

--
-- Name: source_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.source_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select 5000 $$;

--
-- Name: FUNCTION source_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.source_limit() IS 'Documents and products up to which a search looks at everything that passes its filters: about 3 microseconds each. Where more pass, it searches as without filters, and leaves out what fails.';

--
-- Name: sources_of_phrases(text[], text[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) RETURNS uuid[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  phrase text;
  having_it uuid[];
begin
  foreach phrase in array phrases loop
    having_it := array(select private.sources_with(string_to_array(phrase, E'\n'), kinds));
    sources := case when sources is null then having_it
      else array(select unnest(sources) intersect select unnest(having_it)) end;
    exit when cardinality(sources) = 0;
  end loop;
  return sources;
end $$;

--
-- Name: FUNCTION sources_of_phrases(phrases text[], kinds text[], sources uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) IS 'Those of the given sources, of all where none are given, that have every phrase.';

--
-- Name: sources_with(text[], text[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.sources_with(texts text[], kinds text[]) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
begin
  return query
    with phrases as materialized (
      select s.stemmer, phraseto_tsquery(('pg_catalog.' || s.stemmer)::regconfig, t.text) as match,
             tsvector_to_array(to_tsvector(('pg_catalog.' || s.stemmer)::regconfig, t.text)) as words
      from unnest(texts) t (text)
      cross join (select distinct c.stemmer from private.query_words(array_to_string(texts, ' ')) c) s
    ), candidates as (
      -- Of one word the posting is proof; of several their order is still to be seen.
      select m.chunk_id, case when cardinality(h.words) > 1 or numnode(h.match) > 1 then h.match end as match
      from phrases h
      cross join lateral (
        select u.posting >> 16 as posting_id
        from private.postings p cross join lateral unnest(p.postings) u (posting)
        where p.scope_id = any (scopes) and p.word = any (h.words) and p.stemmer = h.stemmer
        group by u.posting >> 16 having count(*) = cardinality(h.words)) u
      join private.posted_passages m using (posting_id)
      union all
      select d.id, h.match from unnest(direct) d (id) cross join phrases h where numnode(h.match) > 0)
    select distinct c.source_id
    from candidates x join public.chunks c on c.id = x.chunk_id and (x.match is null or c.search_vector @@ x.match)
    union
    select p.id
    from unnest(texts) t (text)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" = private.article_number(t.text)
    where p.scope_id = any (scopes);
end $$;

--
-- Name: FUNCTION sources_with(texts text[], kinds text[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.sources_with(texts text[], kinds text[]) IS 'Sources of the caller''s audiences with a passage that has one of the phrases, or that have one as article number. Definer: as query_terms; search reads what this names under the policies again.';

--
-- Name: stemmer(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.stemmer(language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: stuck_payments(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.stuck_payments() RETURNS TABLE(order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, parked_at timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not private.acts_for_the_shop() then
    raise sqlstate 'PT403' using message = 'only staff may do this';
  end if;
  return query
    select j.order_id, j.kind, j.amount, j.currency, j.attempts, j.last_error, j.parked_at
    from private.payment_jobs j where j.parked_at is not null order by j.parked_at;
end $$;

--
-- Name: FUNCTION stuck_payments(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.stuck_payments() IS 'As public.stuck_payments. Definer: the outbox is nobody''s to read.';

--
-- Name: take_back(uuid[], uuid[], timestamp with time zone[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_back(users uuid[], products uuid[], times timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  last_users uuid[];
  last_products uuid[];
begin
  perform private.unfold_popularity(users, products, times);
  -- Who bought it in another order as well still has it.
  select array_agg(l.user_id), array_agg(l.product_id) into last_users, last_products
  from (
    select distinct u.user_id, u.product_id from unnest(users, products) u (user_id, product_id)
    where not exists (select from private.counted_purchases(u.user_id) b where b.product_id = u.product_id)
      and not exists (
        select from private.purchases_to_take_back t where t.user_id = u.user_id and t.product_id = u.product_id)) l;
  if last_users is not null then
    perform private.take_back_pairs(last_users, last_products);
  end if;
end $$;

--
-- Name: FUNCTION take_back(users uuid[], products uuid[], times timestamp with time zone[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_back(users uuid[], products uuid[], times timestamp with time zone[]) IS 'Takes purchases, whose rows in purchases_to_take_back the caller has deleted, out of popularity and pairs. Definer: as fold_interactions; called under its lock, granted to nobody.';

--
-- Name: take_back_of(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_back_of(person uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  products uuid[];
  times timestamptz[];
begin
  if not exists (select from private.purchases_to_take_back b where b.user_id = person) then
    return;
  end if;
  perform pg_advisory_xact_lock(20261124, 1);
  with gone as (
    delete from private.purchases_to_take_back b where b.user_id = person returning b.product_id, b.created_at)
  select array_agg(g.product_id), array_agg(g.created_at) into products, times from gone g;
  if products is not null then
    perform private.take_back(array_fill(person, array[cardinality(products)]), products, times);
  end if;
end $$;

--
-- Name: FUNCTION take_back_of(person uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_back_of(person uuid) IS 'Takes back at once what somebody withdrew and the worker has not taken back yet: which pairs they were counted for goes with their account. Definer: as fold_interactions; granted to nobody.';

--
-- Name: take_back_pairs(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_back_pairs(user_ids uuid[], product_ids uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update private.product_buyers b set people = b.people - u.people
  from (select l.product_id, count(*)::integer as people from unnest(product_ids) l (product_id) group by l.product_id) u
  where b.product_id = u.product_id;
  delete from private.product_buyers b where b.product_id = any (product_ids) and b.people <= 0;
  -- Those that were counted, and no others: whoever buys and cancels leaves the counts as they were.
  with lost as (
    select l.user_id, l.product_id from unnest(user_ids, product_ids) l (user_id, product_id)
  ), gone as materialized (
    select distinct p.user_id, p.product_id as one, m.id as two
    from lost l
    join private.paired_purchases p on p.user_id = l.user_id
    cross join unnest(p.mates) m (id)
    where l.product_id in (p.product_id, m.id)
  ), sums as (
    select s.product_id, s.other_id, count(*)::integer as people
    from (select g.one as product_id, g.two as other_id from gone g union all select g.two, g.one from gone g) s
    group by s.product_id, s.other_id
  ), kept as (
    update private.paired_purchases p
    set mates = array(
      select m from unnest(p.mates) m
      where not exists (select from gone g where g.user_id = p.user_id and g.one = p.product_id and g.two = m))
    where (p.user_id, p.product_id) in (select g.user_id, g.one from gone g))
  update private.product_pairs p set people = p.people - s.people
  from sums s where p.product_id = s.product_id and p.other_id = s.other_id;
  delete from private.paired_purchases p where p.user_id = any (user_ids) and p.mates = '{}';
  delete from private.product_pairs p using private.product_pairs q
  where q.product_id = any (product_ids) and q.people <= 0 and p.product_id = q.other_id and p.other_id = q.product_id;
  delete from private.product_pairs p where p.product_id = any (product_ids) and p.people <= 0;
end $$;

--
-- Name: FUNCTION take_back_pairs(user_ids uuid[], product_ids uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_back_pairs(user_ids uuid[], product_ids uuid[]) IS 'Takes people out of the counts of products that they have no more, and of the pairs that they were counted for. Definer: as fold_interactions.';

--
-- Name: take_back_purchases(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_back_purchases(max_rows integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '500ms'
    AS $$
declare
  users uuid[];
  products uuid[];
  times timestamptz[];
begin
  if not pg_try_advisory_xact_lock(20261124, 1) then
    return 0;
  end if;
  with gone as (
    delete from private.purchases_to_take_back b
    where b.id in (select t.id from private.purchases_to_take_back t order by t.id limit max_rows for update skip locked)
    returning b.user_id, b.product_id, b.created_at)
  select array_agg(g.user_id), array_agg(g.product_id), array_agg(g.created_at) into users, products, times from gone g;
  if users is null then
    return 0;
  end if;
  perform private.take_back(users, products, times);
  return cardinality(users);
end $$;

--
-- Name: FUNCTION take_back_purchases(max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_back_purchases(max_rows integer) IS 'Takes up to max_rows purchases that were withdrawn out of the counts, and says how many. Definer: as fold_interactions.';

--
-- Name: take_over_organization(uuid); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_over_organization(organization_id uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  mine public.membership_role;
begin
  perform from public.organizations o where o.id = take_over_organization.organization_id for no key update;
  select m.role into mine from public.memberships m
  where m.organization_id = take_over_organization.organization_id and m.user_id = auth.uid();
  if mine is null then
    raise sqlstate 'PT404' using message = 'You belong to no such organization.';
  end if;
  if exists (
    select from public.memberships m where m.organization_id = take_over_organization.organization_id and m.role = 'owner')
  then
    raise sqlstate 'PT409' using message = 'The organization has an owner.', hint = 'Owners invite further owners.';
  end if;
  if mine < (
    select max(m.role) from public.memberships m where m.organization_id = take_over_organization.organization_id)
  then
    raise sqlstate 'PT403' using message = 'Somebody with a higher role is there to take the organization over.';
  end if;
  update public.memberships m set role = 'owner'
  where m.organization_id = take_over_organization.organization_id and m.user_id = auth.uid();
end $$;

--
-- Name: FUNCTION take_over_organization(organization_id uuid); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_over_organization(organization_id uuid) IS 'As public.take_over_organization. Definer: nobody gives themselves a role.';

--
-- Name: take_purchases(integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.take_purchases(max_rows integer) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  waiting constant bigint[] := array(
    select t.interaction_id from private.interactions_to_fold t order by t.interaction_id limit max_rows for update skip locked);
  kept constant uuid[] := array(
    select u.id from auth.users u
    where u.id in (select i.user_id from public.interactions i where i.id = any (waiting)) and u.deleted_at is null
    order by u.id for key share skip locked);
  taken bigint[];
begin
  with gone as (
    delete from private.interactions_to_fold q
    where q.interaction_id = any (waiting)
      and not exists (
        select from public.interactions i join auth.users u on u.id = i.user_id
        where i.id = q.interaction_id and u.deleted_at is null and u.id <> all (kept))
    returning q.interaction_id)
  select coalesce(array_agg(g.interaction_id), '{}') into taken from gone g;
  return taken;
end $$;

--
-- Name: FUNCTION take_purchases(max_rows integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.take_purchases(max_rows integer) IS 'Takes up to max_rows purchases from those to be counted, and keeps the accounts of their buyers from being deleted before the transaction ends. It waits for nobody: the purchases of an account that is being closed are left to the next time, when they are gone with it. What is taken of accounts that are closed counts for nothing. Definer: as fold_interactions, which calls it; granted to nobody.';

--
-- Name: taste(private.seed[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.taste(seeds private.seed[]) RETURNS extensions.halfvec
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  model constant record := private.active_embedding_model();
  direction extensions.vector;
begin
  -- In single precision: a small number of half precision, made smaller, is an error.
  select extensions.sum(e.embedding::extensions.vector operator(extensions.*)
           pg_catalog.array_fill((s.weight / e.passages)::real, array[model.dimensions])::extensions.vector)
  into direction
  from unnest(seeds) s
  join lateral (
    select c.embedding, count(*) over () as passages
    from public.chunk_embeddings c where c.source_id = s.product_id and c.model_id = model.id) e on true;
  return case when extensions.vector_norm(direction) > 0
    then extensions.l2_normalize(direction)::extensions.halfvec end;
end $$;

--
-- Name: FUNCTION taste(seeds private.seed[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.taste(seeds private.seed[]) IS 'The weighted mean of these products'' vectors, of unit length; null where none has a vector.';

--
-- Name: touch_updated_at(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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
-- Name: unfold_popularity(uuid[], uuid[], timestamp with time zone[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamp with time zone[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  with undone as (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at) as key, u.product_id, min(u.at) as at,
           count(*)::integer as times
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at)
    group by 1, 2
  ), left_over as (
    update private.counted_interactions c set times = c.times - u.times from undone u where c.key = u.key
    returning c.key, c.times
  ), sums as (
    select u.product_id, -sum(private.purchase_weight() * private.power_of_two(
             private.popularity_exponent(u.at) - t.top)) as amount, min(t.top) as exponent
    from undone u join left_over l on l.key = u.key and l.times = 0
    join (select v.product_id, max(private.popularity_exponent(v.at)) as top from undone v group by v.product_id) t
      on t.product_id = u.product_id
    group by u.product_id)
  update public.product_popularity p
  set score = private.raised_score(p.score, s.amount, s.exponent)
  from sums s where p.product_id = s.product_id;
  delete from private.counted_interactions c
  where c.times = 0 and c.key in (
    select private.interaction_key(u.user_id, u.product_id, 'purchase', u.at)
    from unnest(user_ids, product_ids, unfold_popularity.times) u (user_id, product_id, at));
end $$;

--
-- Name: FUNCTION unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamp with time zone[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamp with time zone[]) IS 'Takes purchases back, those of which none of the day is left. Definer: as fold_interactions.';

--
-- Name: unpaid_order_interval(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.unpaid_order_interval() RETURNS interval
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return nullif(coalesce((select s.unpaid_order_minutes from private.settings s), 30), 0) * interval '1 minute';
end $$;

--
-- Name: FUNCTION unpaid_order_interval(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.unpaid_order_interval() IS 'How long an unpaid order holds its goods; null for ever. Definer: reads the settings.';

--
-- Name: unposted_passages(uuid[], uuid[]); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.unposted_passages(scopes uuid[], shares uuid[]) RETURNS bigint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return array(
    select w.chunk_id from private.passages_to_post w where w.scope_id = any (scopes)
    union
    select c.id from public.chunks c where c.source_id = any (shares) and not c.scope_id = any (scopes));
end $$;

--
-- Name: FUNCTION unposted_passages(scopes uuid[], shares uuid[]); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.unposted_passages(scopes uuid[], shares uuid[]) IS 'Passages whose words are read one by one: those that wait for their postings, and those of shared documents, whose postings are in an audience that is not the caller''s. Definer: asked only by the functions below.';

--
-- Name: walk_index(extensions.halfvec, smallint, integer, smallint, uuid[], uuid[], uuid[], integer, integer); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) RETURNS private.chunk_match[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET "hnsw.iterative_scan" TO 'relaxed_order'
    SET "hnsw.ef_search" TO '200'
    SET "hnsw.max_scan_tuples" TO '20000'
    SET "hnsw.scan_mem_multiplier" TO '4'
    AS $_$
declare
  -- Where many indexes are walked, each has fewer of the nearest.
  narrow constant integer := greatest(60, least(row_limit, 3 * row_limit / walks));
  wide constant integer := greatest(narrow, 1000 / walks);
  near private.chunk_match[] := '{}';
  met record;
begin
  perform set_config('hnsw.ef_search', least(narrow, 200)::text, true),
          set_config('hnsw.max_scan_tuples', greatest(2000, private.walk_limit() / walks)::text, true);
  -- What stands in the text are integers of the registry: a partial index wants constants.
  for met in execute pg_catalog.format($query$
    select e.source_id, e.chunk_id, 1 - (e.embedding::extensions.halfvec(%s) operator(extensions.<=>) $1) as score
    from public.chunk_embeddings e
    where e.model_id = %s and %s %s %s
    order by e.embedding::extensions.halfvec(%1$s) operator(extensions.<=>) $1
    limit $5
    $query$,
      dimensions, model,
      case shard
        when 0 then 'e.is_indexed and e.scope_id = any ($2)' else pg_catalog.format('e.shard_id = %s', shard) end,
      -- In a hash table: the planner looks at each element of an array.
      case when sources is not null then 'and ($3 is null or e.source_id in (select unnest($3)))' end,
      case when excluded is not null then 'and not e.source_id in (select unnest($4))' end)
    using query_embedding, scopes, sources, excluded, wide
  loop
    near := near || (met.source_id, met.chunk_id, met.score)::private.chunk_match;
    exit when cardinality(near) = narrow
      and not private.is_astray(array(select n from unnest(near) n order by n.score desc));
  end loop;
  return near;
end $_$;

--
-- Name: FUNCTION walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) IS 'Approximate: the nearest passages of the index of a shard, or of these audiences in the common one (0), nearly in order. The walk goes on where the question has gone astray. walks: how many there are, which share the time.';

--
-- Name: walk_limit(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.walk_limit() RETURNS integer
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select least(40000, 9000 + greatest(c.reltuples, 0) / 36)::integer
  from pg_class c where c.oid = 'public.chunk_embeddings'::regclass
$$;

--
-- Name: FUNCTION walk_limit(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.walk_limit() IS 'Passages that the walks of one search may meet: about 2 microseconds each, and more where there are more. Definer: reads the size of the table.';

--
-- Name: withdraw_pending(uuid[], text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.withdraw_pending(order_ids uuid[], reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  unpaid uuid[];
begin
  perform j.order_id from private.payment_jobs j
  where j.order_id = any (order_ids) and j.kind = 'charge' order by j.order_id for no key update;
  -- Of what the provider never heard, nothing can have been charged.
  with dropped as (
    update private.payment_jobs j
    set done_at = now(), outcome = 'never sent', parked_at = null
    where j.order_id = any (order_ids) and j.kind = 'charge' and not j.is_sent and j.done_at is null
    returning j.order_id
  )
  select array_agg(d.order_id) into unpaid from dropped d;
  update public.orders o set status = 'cancelled', reason = withdraw_pending.reason where o.id = any (unpaid);
  perform private.return_stock(unpaid);
  -- The others' charge is under way: what comes of it decides, and what was paid goes back.
  update public.orders o set withdrawn_at = now(), reason = withdraw_pending.reason
  where o.id = any (order_ids) and o.status = 'pending' and o.withdrawn_at is null;
end $$;

--
-- Name: FUNCTION withdraw_pending(order_ids uuid[], reason text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.withdraw_pending(order_ids uuid[], reason text) IS 'Cancels pending orders whose locks the caller holds, and marks those as withdrawn whose payment is under way. Definer: called by functions that know whose they are; granted to nobody.';

--
-- Name: withdraw_purchases(); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.withdraw_purchases() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Waits some milliseconds for the worker while it counts rows of this order.
  with uncounted as (
    delete from private.interactions_to_fold q using public.interactions i
    where i.order_id = new.id and q.interaction_id = i.id
    returning q.interaction_id)
  insert into private.purchases_to_take_back (user_id, product_id, created_at)
  select i.user_id, i.product_id, i.created_at
  from public.interactions i
  where i.order_id = new.id and not exists (select from uncounted u where u.interaction_id = i.id);
  delete from public.interactions i where i.order_id = new.id;
  return null;
end $$;

--
-- Name: FUNCTION withdraw_purchases(); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.withdraw_purchases() IS 'Row trigger on paid orders that are withdrawn or refunded: their lines are no purchases any more, and the worker takes them out of the counts. Definer: as note_purchases.';

--
-- Name: word_forms(text, text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.word_forms(stemmer text, content text) RETURNS TABLE(form text, stem text)
    LANGUAGE sql STABLE ROWS 100 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  -- Both configurations take a text apart alike and count stop words, so that equal places are the same word.
  select distinct written.lexeme, stemmed.lexeme
  from unnest(to_tsvector('pg_catalog.simple', content)) written
  cross join lateral unnest(written.positions) written_at (place)
  join (
    select s.lexeme, stemmed_at.place
    from unnest(to_tsvector(('pg_catalog.' || word_forms.stemmer)::regconfig, content)) s
    cross join lateral unnest(s.positions) stemmed_at (place)) stemmed on stemmed.place = written_at.place
  where not starts_with(stemmed.lexeme, written.lexeme)
$$;

--
-- Name: FUNCTION word_forms(stemmer text, content text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.word_forms(stemmer text, content text) IS 'Words of a text whose stem does not begin with them, and the stem.';

--
-- Name: word_query(text); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.word_query(word text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$ select ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery $$;

--
-- Name: FUNCTION word_query(word text); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.word_query(word text) IS 'The tsquery of one stem, whatever characters it has.';

--
-- Name: words_to_mark(private.parsed_query); Type: FUNCTION; Schema: private; Owner: -
--

CREATE FUNCTION private.words_to_mark(parsed private.parsed_query) RETURNS private.marked_word[]
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if cardinality(parsed.prefixes) = 0 then
    return array(
      select (w.stemmer, private.word_query(w.word))::private.marked_word from private.query_words(parsed.words) w);
  end if;
  return array(
    select (t.stemmer, private.word_query(t.word))::private.marked_word
    from unnest(private.query_terms(parsed, '{documents,products}')) t);
end $$;

--
-- Name: FUNCTION words_to_mark(parsed private.parsed_query); Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON FUNCTION private.words_to_mark(parsed private.parsed_query) IS 'The query''s stems and those of its prefixes for snippets, where no word is weighed.';

--
-- Name: accept_invitation(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.accept_invitation(invitation_id uuid) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  return private.accept_invitation(accept_invitation.invitation_id);
end $$;

--
-- Name: FUNCTION accept_invitation(invitation_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.accept_invitation(invitation_id uuid) IS 'Accepts an invitation addressed to the caller: makes the caller a member, raises their role (never lowers it), or lets them read the document. The invitation as it is then, and the same again when repeated. 404: not addressed to the caller; 409: declined or revoked; 410: expired, or its sender may not send it any more.';

--
-- Name: cancel_order(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.cancel_order(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.cancel_order(order_id)
$$;

--
-- Name: FUNCTION cancel_order(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.cancel_order(order_id uuid) IS 'Cancels one''s own order, or any for staff; the order as it is then, and the same again when repeated. A pending one is cancelled and its goods are back on sale. What was paid is refunded, and what is being paid at this moment once that is known: until then withdrawn_at is set. 409 for what was shipped.';

--
-- Name: close_account(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.close_account() RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  return private.close_account();
end $$;

--
-- Name: FUNCTION close_account(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.close_account() IS 'Closes the caller''s account for good: {"removed": [{"what", "count", "why"}], "anonymised": […], "kept": […]}. Refused (409) while the caller is the only owner of an organization with other members; detail names it.';

--
-- Name: decline_invitation(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.decline_invitation(invitation_id uuid) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  return private.decline_invitation(decline_invitation.invitation_id);
end $$;

--
-- Name: FUNCTION decline_invitation(invitation_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.decline_invitation(invitation_id uuid) IS 'Declines an invitation addressed to the caller; the invitation as it is then. Its sender sees that it was declined.';

--
-- Name: expires_at(public.orders); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.expires_at(public.orders) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  perform private.require_open_account();
  return case when $1.status = 'pending' and $1.withdrawn_at is null
    then $1.created_at + private.unpaid_order_interval() end;
end $_$;

--
-- Name: FUNCTION expires_at(public.orders); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.expires_at(public.orders) IS 'When an order that is still unpaid is cancelled; null for one that is not pending, was withdrawn, or may wait for ever. Computed column: select=*,expires_at.';

--
-- Name: invite(uuid, public.membership_role, uuid, text, uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.invite(organization_id uuid DEFAULT NULL::uuid, role public.membership_role DEFAULT NULL::public.membership_role, document_id uuid DEFAULT NULL::uuid, email text DEFAULT NULL::text, user_id uuid DEFAULT NULL::uuid) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  sent uuid;
begin
  perform private.require_open_account();
  insert into public.invitations (organization_id, role, document_id, email, user_id)
  values (invite.organization_id, invite.role, invite.document_id, invite.email, invite.user_id)
  returning id into sent;
  return (
    select pg_catalog.to_jsonb(i) from (
      select v.id, v.organization_id, v.role, v.document_id, v.email, v.user_id, v.status, v.title, v.invited_by, v.expires_at
      from public.invitations v where v.id = sent) i);
end $$;

--
-- Name: FUNCTION invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid) IS 'Invites somebody, by e-mail or account, into an organization (with a role: viewer by default, owner to hand over or share ownership) or to read a document. As inserting into invitations; the answer is the same whether the account exists or not.';

--
-- Name: mark_paid(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.mark_paid(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.mark_paid(order_id)
$$;

--
-- Name: FUNCTION mark_paid(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.mark_paid(order_id uuid) IS 'For staff: the order was paid in another way than by the provider, or the provider''s records say so. 409 while it is being charged.';

--
-- Name: mark_refunded(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.mark_refunded(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.mark_refunded(order_id)
$$;

--
-- Name: FUNCTION mark_refunded(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.mark_refunded(order_id uuid) IS 'For staff: the money went back in another way than by the provider. 409 while the provider refunds it.';

--
-- Name: place_order(jsonb, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.place_order(items jsonb, idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  return private.place_order(items, idempotency_key);
exception when deadlock_detected then
  -- With whoever changes several products in another order than that of their ids: staff, in one statement.
  raise sqlstate 'PT503' using message = 'the same products were changed at this moment',
    hint = 'Send the order again, with the same key.';
end $$;

--
-- Name: FUNCTION place_order(items jsonb, idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.place_order(items jsonb, idempotency_key text) IS 'Buys items, [{"product_id": …, "quantity": …}, …], all or nothing, at the prices of this moment; the order with its lines, and until when it may be paid. The same key gives the same answer again and no second order; with other items it is a conflict (409). 409 with product_id, name, requested and available as details when there is not enough; 404 for what is not on sale; 422 for what must be put otherwise; 403 and 429 for whoever holds too much unpaid, or orders too often, with limit, allowed and actual as details.';

--
-- Name: purchase(uuid, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.purchase(product_id uuid, quantity integer DEFAULT 1, idempotency_key text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  return public.place_order(
    pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('product_id', product_id, 'quantity', quantity)),
    idempotency_key);
end $$;

--
-- Name: FUNCTION purchase(product_id uuid, quantity integer, idempotency_key text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.purchase(product_id uuid, quantity integer, idempotency_key text) IS 'place_order of one product.';

--
-- Name: recommend(uuid, text, integer, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.recommend(like_product uuid DEFAULT NULL::uuid, category text DEFAULT NULL::text, max_results integer DEFAULT 10, mode text DEFAULT NULL::text) RETURNS TABLE(source text, product_id uuid, name text, price numeric, currency text, category_slug text, score double precision, because jsonb)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET max_parallel_workers_per_gather TO '0'
    AS $$
#variable_conflict use_column
declare
  rung text := coalesce(mode, case when like_product is not null then 'similar' when category is not null then 'popular_in_category'
                                   else 'personal' end);
  excluded uuid[] := '{}';
  seeds private.seed[] := '{}';
  asked_category uuid;
  of_category uuid;
  picks private.pick[] := '{}';
begin
  if rung not in ('personal', 'similar', 'popular_in_category', 'popular') then
    raise exception 'mode % is none of personal, similar, popular_in_category, popular', mode
      using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 50 or max_results is null then
    raise exception 'max_results % is not between 1 and 50', max_results using errcode = 'invalid_parameter_value';
  end if;
  select c.id into asked_category from public.categories c where c.slug = recommend.category;
  if auth.uid() is not null then
    excluded := private.just_bought();
  end if;
  if like_product is not null then
    excluded := excluded || like_product;
    seeds := array(select (p.id, 1, false)::private.seed from public.products p where p.id = like_product);
  elsif auth.uid() is not null and rung <> 'popular' and asked_category is null then
    seeds := private.recent_seeds();
    if rung = 'similar' then
      seeds := seeds[1:1];
    end if;
  end if;
  of_category := coalesce(asked_category, (
    select p.category_id from public.products p where p.id = (seeds[1]).product_id));

  -- Each rung fills what the ones above it left empty.
  if rung in ('personal', 'similar') and cardinality(seeds) > 0 then
    picks := private.neighbours(seeds, excluded, asked_category, max_results, rung);
  end if;
  if rung <> 'popular' and of_category is not null and cardinality(picks) < max_results then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), of_category, max_results - cardinality(picks),
      'popular_in_category');
  end if;
  -- Who asks for a category is shown others only when it has nothing.
  if cardinality(picks) < max_results and (asked_category is null or cardinality(picks) = 0) then
    picks := picks || private.popular(
      excluded || array(select k.product_id from unnest(picks) k), null, max_results - cardinality(picks), 'popular');
  end if;

  return query
    select (picks[1]).source, p.id, p.name, p.price, p.currency, c.slug, k.score,
           jsonb_build_object('kind', k.reason, 'product_id', b.id, 'name', b.name)
    from unnest(picks) with ordinality k (product_id, score, reason, because_of, source, place)
    join public.products p on p.id = k.product_id
    join public.categories c on c.id = p.category_id
    left join public.products b on b.id = k.because_of
    order by k.place;
end $$;

--
-- Name: FUNCTION recommend(like_product uuid, category text, max_results integer, mode text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.recommend(like_product uuid, category text, max_results integer, mode text) IS 'Products for the caller, best first, each with why: for their taste (personal), like a product (similar), popular in a category, or popular. Never what is out of stock, inactive, or was bought by the caller in the last 30 days. mode begins lower on this ladder than the other arguments would; a rung that has nothing to say leaves its place to the next, and source names the one that the list begins with. Runs as the caller. score compares within one kind of reason.';

--
-- Name: refund_order(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refund_order(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.refund_order(order_id)
$$;

--
-- Name: FUNCTION refund_order(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.refund_order(order_id uuid) IS 'For staff: the money of a paid or shipped order goes back, by the provider that charged it; at once where it was paid by hand.';

--
-- Name: replay_payment(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.replay_payment(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.replay_payment(order_id)
$$;

--
-- Name: FUNCTION replay_payment(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.replay_payment(order_id uuid) IS 'For staff: tries again what was given up of an order''s payment, by the same key, so that nothing is charged twice.';

--
-- Name: retry_document(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.retry_document(document_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
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
-- Name: search(text, extensions.halfvec, text, text[], integer, uuid[], text, numeric, numeric, boolean, jsonb, text, text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.search(query text, query_embedding extensions.halfvec DEFAULT NULL::extensions.halfvec, mode text DEFAULT 'hybrid'::text, kinds text[] DEFAULT '{documents,products}'::text[], max_results integer DEFAULT 10, organization_ids uuid[] DEFAULT NULL::uuid[], category text DEFAULT NULL::text, price_min numeric DEFAULT NULL::numeric, price_max numeric DEFAULT NULL::numeric, in_stock boolean DEFAULT NULL::boolean, metadata_contains jsonb DEFAULT NULL::jsonb, embedding_model text DEFAULT NULL::text, effort text DEFAULT 'bounded'::text) RETURNS TABLE(kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[], score double precision, metadata jsonb, complete boolean, owner jsonb)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
declare
  of_documents constant boolean := organization_ids is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model record;
  candidate_count constant integer := greatest(100, 4 * max_results);
  semantic_weight constant double precision := case mode when 'semantic' then 1 when 'keyword' then 0 else private.semantic_weight() end;
  parsed private.parsed_query;
  sources uuid[];
  excluded uuid[];
  terms private.query_term[] := '{}';
  marks private.marked_word[];
  leg private.search_leg := ('{}', true);
  by_meaning private.chunk_match[] := '{}';
  by_words private.search_leg := ('{}', true);
  has_every_word boolean := true;
  sources_found bigint;
  is_full boolean;
  most_bytes constant bigint := private.limit_of('search_answer_bytes');
begin
  select m.* into model from private.active_embedding_model() m;
  if mode not in ('semantic', 'keyword', 'hybrid') or mode is null then
    raise exception 'mode % is none of semantic, keyword, hybrid', mode using errcode = 'invalid_parameter_value';
  end if;
  if not kinds <@ array['documents', 'products'] or cardinality(kinds) = 0 or kinds is null then
    raise exception 'kinds % must name documents, products or both', kinds using errcode = 'invalid_parameter_value';
  end if;
  if max_results not between 1 and 100 or max_results is null then
    raise exception 'max_results % is not between 1 and 100', max_results using errcode = 'invalid_parameter_value';
  end if;
  if effort not in ('bounded', 'exact') or effort is null then
    raise exception 'effort % is none of bounded, exact', effort using errcode = 'invalid_parameter_value';
  end if;
  if effort = 'exact' and current_user = 'anon' then
    raise exception 'effort exact is for people who are signed in' using errcode = 'insufficient_privilege',
      hint = 'Sign in, or leave effort out.';
  end if;
  if cardinality(organization_ids) not between 1 and 100 then
    raise exception 'organization_ids has % ids, which is not between 1 and 100', cardinality(organization_ids)
      using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and query_embedding is null then
    raise exception 'mode % wants query_embedding', mode using errcode = 'invalid_parameter_value';
  end if;
  if query is null or char_length(query) > 10000 then
    raise exception 'query must have at most 10,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  if jsonb_typeof(metadata_contains) <> 'object' then
    raise exception 'metadata_contains must be an object' using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and model.id is null then
    raise exception 'no embedding model is active' using errcode = 'invalid_parameter_value';
  end if;
  if mode <> 'keyword' and embedding_model <> model.name then
    raise exception 'the query''s vector is of %, the active model is %', embedding_model, model.name
      using errcode = 'invalid_parameter_value';
  end if;
  -- Every result passes every filter: a kind that lacks the property is left out.
  kinds := array(
    select distinct k from unnest(kinds) k
    where not (k = 'documents' and of_products) and not (k = 'products' and of_documents));
  if of_documents or of_products or metadata_contains is not null then
    sources := array(select private.filtered_sources(
      kinds, organization_ids, search.category, price_min, price_max, in_stock, metadata_contains));
  end if;
  parsed := private.parse_query(query);
  if cardinality(parsed.phrases) > 0 then
    sources := private.sources_of_phrases(parsed.phrases, kinds, sources);
  end if;
  if cardinality(parsed.excluded) > 0 then
    excluded := array(select private.sources_with(parsed.excluded, kinds));
  end if;

  if mode <> 'keyword' then
    leg := private.semantic_matches(
      query_embedding, kinds, sources, excluded, max_results, exact => effort = 'exact');
    by_meaning := array(select m from unnest(leg.matches) m order by m.score desc limit candidate_count);
  end if;
  if mode = 'semantic' then
    marks := private.words_to_mark(parsed);
  else
    loop
      terms := private.query_terms(parsed, kinds);
      if cardinality(parsed.prefixes) > 0 then
        has_every_word := not exists (
          select from unnest(terms) t where t.original like '%*'
          group by t.original having count(*) >= parsed.per_beginning);
      end if;
      by_words := private.keyword_matches(
        concat_ws(' ', parsed.words, array_to_string(parsed.prefixes, ' ')), terms, kinds, sources, excluded,
        array(select (b).chunk_id from unnest(by_meaning) b), candidate_count);
      sources_found := (select count(distinct b.source_id) from unnest(by_words.matches) b);
      -- What the most frequent words stand for may be filtered away, or gone.
      exit when has_every_word or sources_found >= max_results or parsed.per_beginning > private.prefix_limit();
      parsed.per_beginning := greatest(private.prefix_limit() + 1, 16 * private.prefix_limit() / cardinality(parsed.prefixes));
    end loop;
    -- Of a query that is a text the first words were looked for; others may have matches as well.
    if sources_found < max_results and char_length(parsed.words) > 127 then
      has_every_word := has_every_word and not exists (
        select from private.query_words(parsed.words) w group by w.stemmer having count(*) >= 64);
    end if;
    marks := array(select (t.stemmer, private.word_query(t.word))::private.marked_word from unnest(terms) t);
  end if;

  is_full := max_results <= (
    select count(*) from (
      select m.source_id from unnest(by_meaning) m union select m.source_id from unnest(by_words.matches) m) s);
  return query
  with candidates as (
    select source_id, chunk_id, max(m.cosine) as cosine, max(m.bm25) as bm25
    from (
      select b.source_id, b.chunk_id, b.score as cosine, null::double precision as bm25 from unnest(by_meaning) b
      union all
      select b.source_id, b.chunk_id, null, b.score from unnest(by_words.matches) b) m
    group by source_id, chunk_id
  ), scored as (
    -- A weighted sum keeps how sure each leg is, as ranks do not. Passages found by words have a meaning as well.
    select c.source_id, c.chunk_id,
           case when semantic_weight = 0 then 0 else semantic_weight * coalesce(
             c.cosine,
             (select 1 - (e.embedding operator(extensions.<=>) query_embedding)
              from public.chunk_embeddings e where e.chunk_id = c.chunk_id and e.model_id = model.id), 0) end
           + (1 - semantic_weight) * coalesce(c.bm25, 0) as score
    from candidates c
  ), best as (
    select distinct on (s.source_id) s.* from scored s order by s.source_id, s.score desc, s.chunk_id
  ), top as (
    select b.* from best b order by b.score desc, b.source_id limit max_results
  ), results as (
    select case when c.document_id is not null then 'document' else 'product' end as kind,
           t.source_id as id,
           c.document_id,
           coalesce(d.title, p.name) as title,
           n.text as snippet,
           n.highlights,
           c.heading_path,
           t.score,
           coalesce(d.metadata, p.metadata || jsonb_build_object(
             'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)) as metadata,
           case
             when d.owner_id is not null and (d.visibility = 'private' or d.organization_id is null)
               then jsonb_build_object('kind', 'person', 'id', d.owner_id, 'name', o.name)
             when d.organization_id is not null
               then jsonb_build_object('kind', 'organization', 'id', d.organization_id, 'name', o.name)
           end as owner
    from top t
    join public.chunks c on c.id = t.chunk_id
    left join public.documents d on d.id = c.document_id
    left join private.owner_names(array(select source_id from top)) o on o.document_id = c.document_id
    left join public.products p on p.id = c.product_id
    left join public.categories k on k.id = p.category_id
    left join (
      select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
      from unnest(marks) q group by q.stemmer) w on w.stemmer = c.stemmer
    cross join lateral private.snippet(c.content, c.stemmer, w.any_word) n
    where d.id is not null or p.id is not null
  ), measured as (
    -- The best results that fit; one always does.
    select r.*, sum(octet_length(to_json(r)::text)) over best_first as bytes_so_far,
           row_number() over best_first as place, count(*) over () as results
    from results r window best_first as (order by r.score desc, r.id rows unbounded preceding)
  ), fitting as (
    select m.*, count(*) over () as shown from measured m where m.bytes_so_far <= most_bytes or m.place = 1
  )
  select f.kind, f.id, f.document_id, f.title, f.snippet, f.highlights, f.heading_path, f.score, f.metadata,
         has_every_word and f.shown = f.results and (is_full or leg.is_complete and by_words.is_complete), f.owner
  from fitting f
  order by f.place;
end $$;

--
-- Name: FUNCTION search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) IS 'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that begin so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the list holds max_results rows or every match among what is embedded. False also where not every word that begins so was looked for, where results were left out to stay within search_answer_bytes of private.limits, and where the list is short and the query had more than 64 words or words too frequent to read all that have them. organization_ids: documents of these organizations alone, at most 100. effort: exact compares everything by meaning, for people who are signed in; bounded is quicker. owner: whose a document is, {kind: organization or person, id, name}; null for a product.';

--
-- Name: products; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.products (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    category_id uuid NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    price numeric NOT NULL,
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
    price_cents bigint GENERATED ALWAYS AS (((price * (100)::numeric))::bigint) STORED NOT NULL,
    CONSTRAINT "currency is a code of 3 capital letters, such as EUR" CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT "description has at most 20,000 characters" CHECK ((char_length(description) <= 20000)),
    CONSTRAINT "language is a code of 2 or 3 lower-case letters, such as en" CHECK ((language ~ '^[a-z]{2,3}$'::text)),
    CONSTRAINT "metadata is a JSON object of at most 65,536 bytes" CHECK (((jsonb_typeof(metadata) = 'object'::text) AND (octet_length((metadata)::text) <= 65536))),
    CONSTRAINT "name has 1 to 200 characters" CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT "name is not all white space" CHECK ((name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text)),
    CONSTRAINT "price is above 0" CHECK ((price > (0)::numeric)),
    CONSTRAINT "price is above 0 and below 10,000,000,000" CHECK (((price > (0)::numeric) AND (price < ('10000000000'::bigint)::numeric))),
    CONSTRAINT "sku has A-Z, 0-9 and single hyphens, at most 40 characters" CHECK (((sku ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$'::text) AND (char_length(sku) <= 40))),
    CONSTRAINT "stock is 0 or more" CHECK ((stock >= 0))
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

COMMENT ON COLUMN public.products.name IS 'Name, 1 to 200 characters, not all of them white space.';

--
-- Name: COLUMN products.description; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.description IS 'Plain text; searched by meaning and by words.';

--
-- Name: COLUMN products.price; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price IS 'Exact decimal above zero and below ten thousand million, with the decimals of its currency, at most two.';

--
-- Name: COLUMN products.currency; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.currency IS 'ISO 4217 code of the table currencies.';

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
-- Name: COLUMN products.price_cents; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.products.price_cents IS 'Derived: the price in hundredths, for pages and ranges by price that an index answers.';

--
-- Name: search_products(text); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.search_products(query text) RETURNS SETOF public.products
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if search_products.query is null or char_length(search_products.query) > 1000 then
    raise exception 'query must have at most 1,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  -- Refuses what has too many phrases or exclusions; alternatives are words here, not phrases alone.
  perform private.parse_query(search_products.query),
          private.enforce_limit('query_alternatives', regexp_count(search_products.query, '\mor\M', 1, 'i'), 'PT422');
  return query
    select p.* from private.products_with(search_products.query) w join public.products p on p.id = w.product_id
    order by w.rank desc, p.id;
end $$;

--
-- Name: FUNCTION search_products(query text); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.search_products(query text) IS 'Products with all these words in name, article number or description, best first; "a phrase", or, and -word as in a web search. Rows of the table products: filter, sort, select and page them in the same way. Runs as the caller.';

--
-- Name: set_publishing(uuid, boolean); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.set_publishing(organization_id uuid, may_publish boolean) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  perform private.set_publishing(set_publishing.organization_id, set_publishing.may_publish);
end $$;

--
-- Name: FUNCTION set_publishing(organization_id uuid, may_publish boolean); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.set_publishing(organization_id uuid, may_publish boolean) IS 'For staff: whether an organization''s public documents are everybody''s. Without the right they are read like those of the organization, from that moment, and are everybody''s again when it is given back.';

--
-- Name: ship_order(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.ship_order(order_id uuid) RETURNS jsonb
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select private.ship_order(order_id)
$$;

--
-- Name: FUNCTION ship_order(order_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.ship_order(order_id uuid) IS 'For staff: a paid order leaves the house. 409 when it is not paid, or being refunded.';

--
-- Name: stuck_payments(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.stuck_payments() RETURNS TABLE(order_id uuid, kind text, amount numeric, currency text, attempts integer, last_error text, parked_at timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select private.require_open_account();
  select * from private.stuck_payments()
$$;

--
-- Name: FUNCTION stuck_payments(); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.stuck_payments() IS 'For staff: charges and refunds that were given up, and why.';

--
-- Name: take_over_organization(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.take_over_organization(organization_id uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform private.require_open_account();
  perform private.take_over_organization(take_over_organization.organization_id);
end $$;

--
-- Name: FUNCTION take_over_organization(organization_id uuid); Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON FUNCTION public.take_over_organization(organization_id uuid) IS 'Makes the caller owner of an organization that has none, since an administrator deleted the account of its last owner. For its admins; where there is none, for the members with the highest role. 409: it has an owner; 403: somebody ranks higher.';

--
-- Name: counted_interactions; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.counted_interactions (
    key uuid NOT NULL,
    kind public.interaction_kind NOT NULL,
    day date NOT NULL,
    times integer NOT NULL,
    counted_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY private.counted_interactions FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE counted_interactions; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.counted_interactions IS 'What is in the popularity already: one row for each person, product and day of a purchase, known by a hash. Kept for as long as it may be taken back.';

--
-- Name: COLUMN counted_interactions.key; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.counted_interactions.key IS 'Hash of person, product, kind and day.';

--
-- Name: COLUMN counted_interactions.kind; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.counted_interactions.kind IS 'Always purchase.';

--
-- Name: COLUMN counted_interactions.day; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.counted_interactions.day IS 'The day (UTC).';

--
-- Name: COLUMN counted_interactions.times; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.counted_interactions.times IS 'Orders of that day that stand; the last one to go takes the count with it.';

--
-- Name: COLUMN counted_interactions.counted_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.counted_interactions.counted_at IS 'When it was counted.';

--
-- Name: embedding_job_revisions; Type: SEQUENCE; Schema: private; Owner: -
--

CREATE SEQUENCE private.embedding_job_revisions
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

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
    tenant_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    is_short boolean DEFAULT true NOT NULL,
    turn_ends timestamp with time zone DEFAULT now() NOT NULL,
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

COMMENT ON COLUMN private.embedding_jobs.turn IS 'Where the source''s next piece stands in the order of work: a virtual time, compared with other turns only.';

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
-- Name: COLUMN embedding_jobs.tenant_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.tenant_id IS 'Whose turn it is: the organization of the document, else its owner; all zeros for products.';

--
-- Name: COLUMN embedding_jobs.is_short; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.is_short IS 'At most 4,000 bytes. Short and long texts of a tenant take turns too, so that a sentence does not wait for a book.';

--
-- Name: COLUMN embedding_jobs.turn_ends; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.embedding_jobs.turn_ends IS 'The turn plus the seconds that the source takes: the tenant''s next text of the kind begins here.';

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
-- Name: holdings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.holdings (
    holder_id uuid NOT NULL,
    is_organization boolean NOT NULL,
    documents bigint NOT NULL,
    bytes bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY private.holdings FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE holdings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.holdings IS 'How many documents, and bytes in them, each person and organization has. Kept by triggers; rows of holders that are gone count nothing.';

--
-- Name: COLUMN holdings.holder_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.holdings.holder_id IS 'The organization a document belongs to; of a private one, and one that is filed nowhere, its owner.';

--
-- Name: COLUMN holdings.is_organization; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.holdings.is_organization IS 'Whether the holder is an organization.';

--
-- Name: COLUMN holdings.documents; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.holdings.documents IS 'How many documents.';

--
-- Name: COLUMN holdings.bytes; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.holdings.bytes IS 'Bytes of their titles, texts and metadata.';

--
-- Name: interaction_rates; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.interaction_rates (
    user_id uuid NOT NULL,
    began_at timestamp with time zone NOT NULL,
    times bigint NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY private.interaction_rates FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE interaction_rates; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.interaction_rates IS 'How many looks and carts each person has noted in their present minute, so that none are counted in the large table. Rows of minutes that are over mean nothing; the worker removes them.';

--
-- Name: COLUMN interaction_rates.user_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.interaction_rates.user_id IS 'The person.';

--
-- Name: COLUMN interaction_rates.began_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.interaction_rates.began_at IS 'When their minute began: with the first one after the last minute.';

--
-- Name: COLUMN interaction_rates.times; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.interaction_rates.times IS 'Looks and carts since then.';

--
-- Name: interactions_to_fold; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.interactions_to_fold (
    interaction_id bigint NOT NULL
);

ALTER TABLE ONLY private.interactions_to_fold FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE interactions_to_fold; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.interactions_to_fold IS 'Purchases that are in no count yet; the worker takes them from here.';

--
-- Name: COLUMN interactions_to_fold.interaction_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.interactions_to_fold.interaction_id IS 'The interaction; one that is gone meanwhile counts for nothing, so that no foreign key need be checked while a shop sells.';

--
-- Name: limits; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.limits (
    name text NOT NULL,
    allowed bigint NOT NULL,
    what text NOT NULL,
    CONSTRAINT limits_allowed_check CHECK ((allowed >= 0)),
    CONSTRAINT limits_name_check CHECK ((name ~ '^[a-z]+(_[a-z]+)*$'::text)),
    CONSTRAINT limits_what_check CHECK ((what ~ '\S'::text))
);

ALTER TABLE ONLY private.limits FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE limits; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.limits IS 'Limits on what one caller may have or do. From the next statement on: update private.limits set allowed = … where name = ….';

--
-- Name: COLUMN limits.name; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.limits.name IS 'Name of the limit; errors give it in their details.';

--
-- Name: COLUMN limits.allowed; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.limits.allowed IS 'The most that is allowed.';

--
-- Name: COLUMN limits.what; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.limits.what IS 'What is counted, as the error names it: "open orders of one person".';

--
-- Name: order_requests; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.order_requests (
    buyer_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    request_hash bytea NOT NULL,
    response jsonb NOT NULL,
    order_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT order_requests_idempotency_key_check CHECK (((char_length(idempotency_key) >= 1) AND (char_length(idempotency_key) <= 255)))
);

ALTER TABLE ONLY private.order_requests FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE order_requests; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.order_requests IS 'Answers to requests that made an order, to be given again. Kept as long as the account and the order: a key never makes a second order, however late it is repeated.';

--
-- Name: COLUMN order_requests.buyer_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.buyer_id IS 'Whose key it is.';

--
-- Name: COLUMN order_requests.idempotency_key; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.idempotency_key IS 'The key, 1 to 255 characters.';

--
-- Name: COLUMN order_requests.request_hash; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.request_hash IS 'SHA-256 of products and quantities, sorted and summed.';

--
-- Name: COLUMN order_requests.response; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.response IS 'The answer, to the letter.';

--
-- Name: COLUMN order_requests.order_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.order_id IS 'The order.';

--
-- Name: COLUMN order_requests.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.order_requests.created_at IS 'When it was made.';

--
-- Name: paired_purchases; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.paired_purchases (
    user_id uuid NOT NULL,
    product_id uuid NOT NULL,
    mates uuid[] NOT NULL
);

ALTER TABLE ONLY private.paired_purchases FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE paired_purchases; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.paired_purchases IS 'Which pairs each person is counted for: once each, and taken back as they were counted, however often somebody buys and cancels.';

--
-- Name: COLUMN paired_purchases.user_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.paired_purchases.user_id IS 'The person.';

--
-- Name: COLUMN paired_purchases.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.paired_purchases.product_id IS 'The lesser of two products.';

--
-- Name: COLUMN paired_purchases.mates; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.paired_purchases.mates IS 'The greater ones.';

--
-- Name: passage_counts; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.passage_counts (
    id bigint NOT NULL,
    scope_id uuid NOT NULL,
    passages bigint NOT NULL,
    tokens bigint NOT NULL
);

ALTER TABLE ONLY private.passage_counts FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE passage_counts; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.passage_counts IS 'Passages and tokens of each audience, as changes to be summed: every writer adds a row and waits for nobody. The worker adds them up now and then.';

--
-- Name: COLUMN passage_counts.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passage_counts.id IS 'The change.';

--
-- Name: COLUMN passage_counts.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passage_counts.scope_id IS 'The audience.';

--
-- Name: COLUMN passage_counts.passages; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passage_counts.passages IS 'Passages that came, less those that went.';

--
-- Name: COLUMN passage_counts.tokens; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passage_counts.tokens IS 'The same of their tokens.';

--
-- Name: passage_counts_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.passage_counts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.passage_counts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: passages_to_post; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.passages_to_post (
    chunk_id bigint NOT NULL,
    scope_id uuid NOT NULL
);

ALTER TABLE ONLY private.passages_to_post FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE passages_to_post; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.passages_to_post IS 'Passages whose words do not stand in postings yet.';

--
-- Name: COLUMN passages_to_post.chunk_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passages_to_post.chunk_id IS 'The passage.';

--
-- Name: COLUMN passages_to_post.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.passages_to_post.scope_id IS 'Its audience.';

--
-- Name: payment_jobs; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.payment_jobs (
    order_id uuid NOT NULL,
    kind text NOT NULL,
    amount numeric(14,2) NOT NULL,
    currency text NOT NULL,
    customer_id uuid,
    is_sent boolean DEFAULT false NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    forgiven integer DEFAULT 0 NOT NULL,
    available_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    outcome text,
    reference text,
    last_error text,
    parked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT payment_jobs_amount_check CHECK ((amount > (0)::numeric)),
    CONSTRAINT payment_jobs_done_check CHECK (((done_at IS NULL) = (outcome IS NULL))),
    CONSTRAINT payment_jobs_kind_check CHECK ((kind = ANY (ARRAY['charge'::text, 'refund'::text]))),
    CONSTRAINT payment_jobs_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'declined'::text, 'by hand'::text, 'never sent'::text])))
);

ALTER TABLE ONLY private.payment_jobs FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE payment_jobs; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.payment_jobs IS 'What the payment provider is to be told, one charge and one refund an order at most: their names are the idempotency keys, so that telling it twice charges once. Without a provider, staff settle charges by hand.';

--
-- Name: COLUMN payment_jobs.order_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.order_id IS 'The order.';

--
-- Name: COLUMN payment_jobs.kind; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.kind IS 'charge: the buyer pays; refund: the money goes back.';

--
-- Name: COLUMN payment_jobs.amount; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.amount IS 'How much.';

--
-- Name: COLUMN payment_jobs.currency; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.currency IS 'ISO 4217 code.';

--
-- Name: COLUMN payment_jobs.customer_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.customer_id IS 'The buyer, as the provider was or will be told: the same in every attempt. Null once the account is closed and the job done.';

--
-- Name: COLUMN payment_jobs.is_sent; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.is_sent IS 'Whether the provider may have heard of it: what was never sent can be dropped.';

--
-- Name: COLUMN payment_jobs.attempts; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.attempts IS 'Times taken; counted when taken, so that what kills the worker counts too. It only grows: whoever took it shows this number to give it back, and is too late once somebody else has taken it.';

--
-- Name: COLUMN payment_jobs.forgiven; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.forgiven IS 'Of these, how many do not count against it: the breaker refused them, or staff had it tried again.';

--
-- Name: COLUMN payment_jobs.available_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.available_at IS 'When it may be taken; in the future while somebody works on it or it waits.';

--
-- Name: COLUMN payment_jobs.done_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.done_at IS 'When its outcome was known.';

--
-- Name: COLUMN payment_jobs.outcome; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.outcome IS 'What became of it.';

--
-- Name: COLUMN payment_jobs.reference; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.reference IS 'What the provider calls it.';

--
-- Name: COLUMN payment_jobs.last_error; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.last_error IS 'Why the last attempt failed, or why it was declined.';

--
-- Name: COLUMN payment_jobs.parked_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.parked_at IS 'When it was given up, to be looked at and replayed by staff.';

--
-- Name: COLUMN payment_jobs.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.payment_jobs.created_at IS 'When it became due.';

--
-- Name: posted_passages; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.posted_passages (
    posting_id bigint NOT NULL,
    chunk_id bigint NOT NULL
);

ALTER TABLE ONLY private.posted_passages FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE posted_passages; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.posted_passages IS 'Passages whose words stand in postings, by the number that they have there.';

--
-- Name: COLUMN posted_passages.posting_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.posted_passages.posting_id IS 'The number; a passage that changes gets another one.';

--
-- Name: COLUMN posted_passages.chunk_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.posted_passages.chunk_id IS 'The passage.';

--
-- Name: posted_passages_posting_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.posted_passages ALTER COLUMN posting_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.posted_passages_posting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: posting_segments; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.posting_segments (
    id bigint NOT NULL,
    scope_id uuid NOT NULL,
    passages integer NOT NULL,
    CONSTRAINT posting_segments_passages_check CHECK ((passages > 0))
);

ALTER TABLE ONLY private.posting_segments FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE posting_segments; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.posting_segments IS 'What was gathered at once: postings of one audience. Small ones are merged.';

--
-- Name: COLUMN posting_segments.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.posting_segments.id IS 'The segment.';

--
-- Name: COLUMN posting_segments.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.posting_segments.scope_id IS 'Its audience.';

--
-- Name: COLUMN posting_segments.passages; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.posting_segments.passages IS 'Passages in it when it was written.';

--
-- Name: posting_segments_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.posting_segments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.posting_segments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: postings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.postings (
    scope_id uuid NOT NULL,
    word text NOT NULL COLLATE pg_catalog."C",
    stemmer text NOT NULL COLLATE pg_catalog."C",
    segment_id bigint NOT NULL,
    size integer NOT NULL,
    postings bigint[] NOT NULL
);

ALTER TABLE ONLY private.postings FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE postings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.postings IS 'For a word, the passages that have it: a block for each audience and segment.';

--
-- Name: COLUMN postings.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.scope_id IS 'The audience.';

--
-- Name: COLUMN postings.word; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.word IS 'The word, as its stemmer leaves it.';

--
-- Name: COLUMN postings.stemmer; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.stemmer IS 'The stemmer.';

--
-- Name: COLUMN postings.segment_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.segment_id IS 'The segment.';

--
-- Name: COLUMN postings.size; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.size IS 'How many postings: read without reading them.';

--
-- Name: COLUMN postings.postings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.postings.postings IS 'Each passage as one number: its own of posted_passages times 65,536, plus how often it has the word (up to 31) times 2,048, plus its tokens (up to 2,047).';

--
-- Name: product_buyers; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.product_buyers (
    product_id uuid NOT NULL,
    people integer NOT NULL
);

ALTER TABLE ONLY private.product_buyers FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE product_buyers; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.product_buyers IS 'How many people bought each product. No foreign key: the check would lock products that are being sold.';

--
-- Name: COLUMN product_buyers.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_buyers.product_id IS 'The product.';

--
-- Name: COLUMN product_buyers.people; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_buyers.people IS 'How many people bought it, each counted once.';

--
-- Name: product_pairs; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.product_pairs (
    product_id uuid NOT NULL,
    other_id uuid NOT NULL,
    people integer NOT NULL
);

ALTER TABLE ONLY private.product_pairs FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE product_pairs; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.product_pairs IS 'How many people bought both of two products, in one order or one after the other. Each pair stands in both directions. No foreign keys, as in product_buyers.';

--
-- Name: COLUMN product_pairs.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_pairs.product_id IS 'A product.';

--
-- Name: COLUMN product_pairs.other_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_pairs.other_id IS 'Another one.';

--
-- Name: COLUMN product_pairs.people; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_pairs.people IS 'How many people bought both, each counted once.';

--
-- Name: product_words; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.product_words (
    product_id uuid NOT NULL,
    stemmer text NOT NULL,
    words tsvector NOT NULL
);

ALTER TABLE ONLY private.product_words FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE product_words; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.product_words IS 'The words of each product. Beside the table, since row level security keeps an index of words from being used, and stock that changes must not write words again.';

--
-- Name: COLUMN product_words.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_words.product_id IS 'The product.';

--
-- Name: COLUMN product_words.stemmer; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_words.stemmer IS 'The text search configuration that its words were stemmed by.';

--
-- Name: COLUMN product_words.words; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.product_words.words IS 'Stems of name (A), article number (B) and description (D).';

--
-- Name: purchases_to_take_back; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.purchases_to_take_back (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    product_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY private.purchases_to_take_back FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE purchases_to_take_back; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.purchases_to_take_back IS 'Purchases that were counted and then cancelled or refunded; the worker takes them out of the counts.';

--
-- Name: COLUMN purchases_to_take_back.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.purchases_to_take_back.id IS 'The change.';

--
-- Name: COLUMN purchases_to_take_back.user_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.purchases_to_take_back.user_id IS 'Who had bought.';

--
-- Name: COLUMN purchases_to_take_back.product_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.purchases_to_take_back.product_id IS 'What.';

--
-- Name: COLUMN purchases_to_take_back.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.purchases_to_take_back.created_at IS 'When it had been bought.';

--
-- Name: purchases_to_take_back_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.purchases_to_take_back ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.purchases_to_take_back_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: removals; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.removals (
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    deletes_account boolean DEFAULT false NOT NULL,
    organization_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    queued_at timestamp with time zone DEFAULT now() NOT NULL,
    turn timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    CONSTRAINT removals_kind_check CHECK ((kind = ANY (ARRAY['organization'::text, 'account'::text, 'drafts'::text, 'deserted'::text])))
);

ALTER TABLE ONLY private.removals FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE removals; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.removals IS 'What lost its rights and is removed in pieces by the worker: organizations without members, closed accounts, and drafts filed in organizations that their owner may not write in any more.';

--
-- Name: COLUMN removals.kind; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.kind IS 'organization; account; drafts, private documents of a person that become personal; or deserted, a list of organizations.';

--
-- Name: COLUMN removals.subject_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.subject_id IS 'The organization, or the person; of a list nothing but its key.';

--
-- Name: COLUMN removals.deletes_account; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.deletes_account IS 'Whether the account itself goes at the end, not only what it had.';

--
-- Name: COLUMN removals.organization_ids; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.organization_ids IS 'The list: those that still have no member go.';

--
-- Name: COLUMN removals.queued_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.queued_at IS 'When the request was made.';

--
-- Name: COLUMN removals.turn; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.turn IS 'The one that waits longest since is next; failures wait on.';

--
-- Name: COLUMN removals.attempts; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.attempts IS 'How often a piece failed in a row.';

--
-- Name: COLUMN removals.last_error; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.removals.last_error IS 'Why the last piece failed.';

--
-- Name: rights_lost; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.rights_lost (
    id bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    people uuid[] NOT NULL,
    sources uuid[] NOT NULL,
    everything boolean DEFAULT false NOT NULL
);

ALTER TABLE ONLY private.rights_lost FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE rights_lost; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.rights_lost IS 'Rights that ended in the last hour, by transaction: gateways read on from where they were and forget what they kept.';

--
-- Name: COLUMN rights_lost.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.id IS 'Number of the note.';

--
-- Name: COLUMN rights_lost.xid; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.xid IS 'The transaction: what was not committed when a gateway read has one that the gateway asks for again.';

--
-- Name: COLUMN rights_lost.at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.at IS 'When it was noted; after an hour it may go.';

--
-- Name: COLUMN rights_lost.people; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.people IS 'Who lost some right: members removed, readers of an ended share, banned and deleted accounts.';

--
-- Name: COLUMN rights_lost.sources; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.sources IS 'Documents and products that were deleted, hidden or changed, so that somebody may no longer read what was there.';

--
-- Name: COLUMN rights_lost.everything; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.rights_lost.everything IS 'Too many at a time to be named.';

--
-- Name: rights_lost_id_seq; Type: SEQUENCE; Schema: private; Owner: -
--

ALTER TABLE private.rights_lost ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME private.rights_lost_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

--
-- Name: row_numbers; Type: SEQUENCE; Schema: private; Owner: -
--

CREATE SEQUENCE private.row_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

--
-- Name: SEQUENCE row_numbers; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON SEQUENCE private.row_numbers IS 'Tells rows of one millisecond apart. Nobody sees its values.';

--
-- Name: secrets; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.secrets (
    name text NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT secrets_name_check CHECK ((name ~ '^[a-z]+(_[a-z]+)*$'::text)),
    CONSTRAINT secrets_value_check CHECK ((octet_length(value) >= 32))
);

ALTER TABLE ONLY private.secrets FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE secrets; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.secrets IS 'Keys that never leave the database and that nobody need know. Changing one is harmless.';

--
-- Name: COLUMN secrets.name; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.secrets.name IS 'Name of the key.';

--
-- Name: COLUMN secrets.value; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.secrets.value IS 'The key: 32 random bytes.';

--
-- Name: sent_invitations; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.sent_invitations (
    invitation_id uuid NOT NULL,
    invited_by uuid NOT NULL,
    addressee bytea NOT NULL,
    sent_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY private.sent_invitations FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE sent_invitations; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.sent_invitations IS 'Invitations of the last 24 hours, which count towards limits of their sender. Kept beside them, since either side may delete an invitation, and deleting the organization or the document takes it along.';

--
-- Name: COLUMN sent_invitations.invitation_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sent_invitations.invitation_id IS 'The invitation, which may be gone.';

--
-- Name: COLUMN sent_invitations.invited_by; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sent_invitations.invited_by IS 'Who sent it.';

--
-- Name: COLUMN sent_invitations.addressee; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sent_invitations.addressee IS 'private.invitation_addressee of it.';

--
-- Name: COLUMN sent_invitations.sent_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.sent_invitations.sent_at IS 'When it was sent.';

--
-- Name: settings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.settings (
    is_only boolean DEFAULT true NOT NULL,
    semantic_weight double precision,
    co_purchase_weight double precision,
    comparison_limit integer,
    invitation_days integer,
    unpaid_order_minutes double precision,
    CONSTRAINT settings_co_purchase_weight_check CHECK (((co_purchase_weight >= (0)::double precision) AND (co_purchase_weight <= (1)::double precision))),
    CONSTRAINT settings_comparison_limit_check CHECK ((comparison_limit >= 0)),
    CONSTRAINT settings_invitation_days_check CHECK (((invitation_days >= 1) AND (invitation_days <= 365))),
    CONSTRAINT settings_is_only_check CHECK (is_only),
    CONSTRAINT settings_semantic_weight_check CHECK (((semantic_weight >= (0)::double precision) AND (semantic_weight <= (1)::double precision))),
    CONSTRAINT settings_unpaid_order_minutes_check CHECK (((unpaid_order_minutes >= (0)::double precision) AND (unpaid_order_minutes <= (52560000)::double precision)))
);

ALTER TABLE ONLY private.settings FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE settings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.settings IS 'What may be set differently, one row; null is the default. From the next statement on: update private.settings set … . What a superuser gave the database by the same name goes first: alter database … reset tidegate.semantic_weight.';

--
-- Name: COLUMN settings.is_only; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.is_only IS 'True: there is one row.';

--
-- Name: COLUMN settings.semantic_weight; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.semantic_weight IS 'As private.semantic_weight() says.';

--
-- Name: COLUMN settings.co_purchase_weight; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.co_purchase_weight IS 'As private.co_purchase_weight() says.';

--
-- Name: COLUMN settings.comparison_limit; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.comparison_limit IS 'As private.comparison_limit() says.';

--
-- Name: COLUMN settings.invitation_days; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.invitation_days IS 'Days that an invitation can be accepted: 14 by default.';

--
-- Name: COLUMN settings.unpaid_order_minutes; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.settings.unpaid_order_minutes IS 'Minutes that an unpaid order holds its goods: 30 by default, 0 for ever. Then it is cancelled, unless the payment provider has been asked to charge it: that is left to the provider.';

--
-- Name: shards; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.shards (
    id smallint DEFAULT private.new_shard_id() NOT NULL,
    model_id smallint NOT NULL,
    scope_id uuid NOT NULL,
    is_complete boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY private.shards FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE shards; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.shards IS 'Audiences so large that their vectors of a model have an index of their own.';

--
-- Name: COLUMN shards.id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.shards.id IS 'Stands beside every vector in it.';

--
-- Name: COLUMN shards.model_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.shards.model_id IS 'The model.';

--
-- Name: COLUMN shards.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.shards.scope_id IS 'The audience.';

--
-- Name: COLUMN shards.is_complete; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.shards.is_complete IS 'Whether all its vectors have left the common index.';

--
-- Name: COLUMN shards.created_at; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.shards.created_at IS 'When its index was made.';

--
-- Name: staged_embeddings; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.staged_embeddings (
    source_id uuid NOT NULL,
    model_id smallint NOT NULL,
    input_hash bytea NOT NULL,
    embedding extensions.halfvec NOT NULL
);

ALTER TABLE ONLY private.staged_embeddings FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE staged_embeddings; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.staged_embeddings IS 'Vectors of a long text that is embedded in pieces, until all are there: its passages become searchable together. A worker that dies loses one piece.';

--
-- Name: COLUMN staged_embeddings.source_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.staged_embeddings.source_id IS 'The document or the product; the row goes with its job.';

--
-- Name: COLUMN staged_embeddings.model_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.staged_embeddings.model_id IS 'The model that made the vector.';

--
-- Name: COLUMN staged_embeddings.input_hash; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.staged_embeddings.input_hash IS 'SHA-256 of what was embedded, as in chunks.';

--
-- Name: COLUMN staged_embeddings.embedding; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.staged_embeddings.embedding IS 'The vector.';

--
-- Name: vocabulary; Type: TABLE; Schema: private; Owner: -
--

CREATE TABLE private.vocabulary (
    scope_id uuid NOT NULL,
    form text NOT NULL COLLATE pg_catalog."C",
    stemmer text NOT NULL COLLATE pg_catalog."C",
    stem text NOT NULL COLLATE pg_catalog."C",
    segment_id bigint NOT NULL
);

ALTER TABLE ONLY private.vocabulary FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE vocabulary; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON TABLE private.vocabulary IS 'Words as written whose stem is another word, for prefix search.';

--
-- Name: COLUMN vocabulary.scope_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.vocabulary.scope_id IS 'The scope whose chunks have the word.';

--
-- Name: COLUMN vocabulary.form; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.vocabulary.form IS 'The word as written, in lower case.';

--
-- Name: COLUMN vocabulary.stemmer; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.vocabulary.stemmer IS 'The stemmer.';

--
-- Name: COLUMN vocabulary.stem; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.vocabulary.stem IS 'What the stemmer makes of it: the word of postings.';

--
-- Name: COLUMN vocabulary.segment_id; Type: COMMENT; Schema: private; Owner: -
--

COMMENT ON COLUMN private.vocabulary.segment_id IS 'The segment.';

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
    CONSTRAINT "description has at most 2,000 characters" CHECK ((char_length(description) <= 2000)),
    CONSTRAINT "name has 1 to 200 characters" CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT "slug has a-z, 0-9 and single hyphens, at most 63 characters" CHECK (((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (char_length(slug) <= 63)))
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
    shard_id smallint DEFAULT 0 NOT NULL,
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

COMMENT ON COLUMN public.chunk_embeddings.is_indexed IS 'Whether the model''s common HNSW index holds it. Search compares what no index holds one by one, so that writing need not wait for an index; the worker indexes when it has nothing more urgent to do.';

--
-- Name: COLUMN chunk_embeddings.shard_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.chunk_embeddings.shard_id IS 'The shard whose index holds it; 0 where none does: then the common index holds it, or it waits.';

--
-- Name: chunks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.chunks (
    id bigint DEFAULT private.new_row_id() NOT NULL,
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

COMMENT ON COLUMN public.chunks.id IS 'The passage. Tells when it was made, and nothing else.';

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
-- Name: currencies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.currencies (
    code text NOT NULL,
    minor_digits smallint NOT NULL,
    CONSTRAINT currencies_code_check CHECK ((code ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT currencies_minor_digits_check CHECK (((minor_digits >= 0) AND (minor_digits <= 4)))
);

ALTER TABLE ONLY public.currencies FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE currencies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.currencies IS 'Currencies that a price can be in: those of ISO 4217 that things are priced in, without funds, metals and test codes.';

--
-- Name: COLUMN currencies.code; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.currencies.code IS 'ISO 4217 code.';

--
-- Name: COLUMN currencies.minor_digits; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.currencies.minor_digits IS 'Decimals of an amount, as ISO 4217 has it: 2 for EUR, 0 for JPY.';

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
-- Name: interactions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.interactions (
    id bigint DEFAULT private.new_row_id() NOT NULL,
    user_id uuid DEFAULT auth.uid() NOT NULL,
    product_id uuid NOT NULL,
    kind public.interaction_kind NOT NULL,
    order_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT "a purchase has an order_id, nothing else has" CHECK (((kind = 'purchase'::public.interaction_kind) = (order_id IS NOT NULL)))
);
ALTER TABLE ONLY public.interactions ALTER COLUMN user_id SET STATISTICS 1;
ALTER TABLE ONLY public.interactions ALTER COLUMN user_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.interactions ALTER COLUMN product_id SET STATISTICS 1;
ALTER TABLE ONLY public.interactions ALTER COLUMN product_id SET (n_distinct=-0.05);
ALTER TABLE ONLY public.interactions ALTER COLUMN kind SET STATISTICS 0;
ALTER TABLE ONLY public.interactions ALTER COLUMN order_id SET STATISTICS 0;
ALTER TABLE ONLY public.interactions ALTER COLUMN created_at SET STATISTICS 0;

ALTER TABLE ONLY public.interactions FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE interactions; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.interactions IS 'What people did with products. Rows are only ever added: no counter is kept here that two people would wait for. Purchases alone count for others; looks and carts serve the person''s own recommendations.';

--
-- Name: COLUMN interactions.id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.id IS 'The event. Tells when it was noted, and nothing else.';

--
-- Name: COLUMN interactions.user_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.user_id IS 'Who; goes with the account.';

--
-- Name: COLUMN interactions.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.product_id IS 'With which product; goes with it.';

--
-- Name: COLUMN interactions.kind; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.kind IS 'What they did. People note views and carts; a purchase is noted when its order is paid.';

--
-- Name: COLUMN interactions.order_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.order_id IS 'Of a purchase: the order, which is paid. A line of an order that is withdrawn or refunded is no purchase.';

--
-- Name: COLUMN interactions.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.interactions.created_at IS 'When.';

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
    may_publish boolean DEFAULT false NOT NULL,
    published_at timestamp with time zone,
    CONSTRAINT "an organization that may publish has published_at" CHECK (((published_at IS NOT NULL) OR (NOT may_publish))),
    CONSTRAINT "name has 1 to 200 characters" CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200))),
    CONSTRAINT "slug has a-z, 0-9 and single hyphens, at most 63 characters" CHECK (((slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text) AND (char_length(slug) <= 63)))
);
ALTER TABLE ONLY public.organizations ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN created_by SET STATISTICS 1;
ALTER TABLE ONLY public.organizations ALTER COLUMN created_by SET (n_distinct=-0.05);
ALTER TABLE ONLY public.organizations ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN updated_at SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN may_publish SET STATISTICS 0;
ALTER TABLE ONLY public.organizations ALTER COLUMN published_at SET STATISTICS 0;

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
-- Name: COLUMN organizations.may_publish; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.may_publish IS 'Whether its public documents are everybody''s; otherwise they are read like those of the organization. Staff decides, by set_publishing.';

--
-- Name: COLUMN organizations.published_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.organizations.published_at IS 'When it was first allowed to publish; null: never.';

--
-- Name: product_popularity; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.product_popularity (
    product_id uuid NOT NULL,
    scope_id uuid NOT NULL,
    category_id uuid NOT NULL,
    score double precision NOT NULL
);

ALTER TABLE ONLY public.product_popularity FORCE ROW LEVEL SECURITY;

--
-- Name: TABLE product_popularity; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.product_popularity IS 'How popular each product is. Written by the worker alone, from what people paid for; read as the product.';

--
-- Name: COLUMN product_popularity.product_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_popularity.product_id IS 'The product.';

--
-- Name: COLUMN product_popularity.scope_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_popularity.scope_id IS 'Audience of the product, carried along by the foreign key''s cascade.';

--
-- Name: COLUMN product_popularity.category_id; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_popularity.category_id IS 'Its shelf, carried along likewise.';

--
-- Name: COLUMN product_popularity.score; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.product_popularity.score IS 'Binary logarithm of what people bought, each purchase counted twice as much as the same one half-life earlier. Only the order and differences mean anything: 1 more is twice as popular, and a product that nobody buys any more falls by being passed.';

--
-- Name: profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.profiles (
    id uuid NOT NULL,
    display_name text,
    phone text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    email text,
    CONSTRAINT "display_name has 1 to 200 characters" CHECK (((char_length(display_name) >= 1) AND (char_length(display_name) <= 200))),
    CONSTRAINT "display_name is not all white space" CHECK ((display_name ~ '[^\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]'::text)),
    CONSTRAINT "email is in lower case" CHECK ((email = lower(email))),
    CONSTRAINT "phone is + and 7 to 15 digits without spaces (E.164)" CHECK ((phone ~ '^\+[1-9][0-9]{6,14}$'::text))
);
ALTER TABLE ONLY public.profiles ALTER COLUMN display_name SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN phone SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN created_at SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN updated_at SET STATISTICS 0;
ALTER TABLE ONLY public.profiles ALTER COLUMN email SET STATISTICS 0;

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

COMMENT ON COLUMN public.profiles.display_name IS 'What others may be shown, 1 to 200 characters, not all of them white space.';

--
-- Name: COLUMN profiles.phone; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.phone IS 'E.164, with the leading plus. A way to call somebody, at first the number of the sign-up; several people may share one.';

--
-- Name: COLUMN profiles.created_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.created_at IS 'When the account appeared.';

--
-- Name: COLUMN profiles.updated_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.updated_at IS 'Last change.';

--
-- Name: COLUMN profiles.email; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.profiles.email IS 'The address that the account signs in with, in lower case, kept as Auth has it; null for an account without one.';

--
-- Name: counted_interactions counted_interactions_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.counted_interactions
    ADD CONSTRAINT counted_interactions_pkey PRIMARY KEY (key);

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
-- Name: holdings holdings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.holdings
    ADD CONSTRAINT holdings_pkey PRIMARY KEY (holder_id);

--
-- Name: interaction_rates interaction_rates_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.interaction_rates
    ADD CONSTRAINT interaction_rates_pkey PRIMARY KEY (user_id);

--
-- Name: interactions_to_fold interactions_to_fold_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.interactions_to_fold
    ADD CONSTRAINT interactions_to_fold_pkey PRIMARY KEY (interaction_id);

--
-- Name: limits limits_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.limits
    ADD CONSTRAINT limits_pkey PRIMARY KEY (name);

--
-- Name: order_requests order_requests_order_id_key; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.order_requests
    ADD CONSTRAINT order_requests_order_id_key UNIQUE (order_id);

--
-- Name: order_requests order_requests_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.order_requests
    ADD CONSTRAINT order_requests_pkey PRIMARY KEY (buyer_id, idempotency_key);

--
-- Name: paired_purchases paired_purchases_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.paired_purchases
    ADD CONSTRAINT paired_purchases_pkey PRIMARY KEY (user_id, product_id);

--
-- Name: passage_counts passage_counts_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.passage_counts
    ADD CONSTRAINT passage_counts_pkey PRIMARY KEY (id);

--
-- Name: passages_to_post passages_to_post_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.passages_to_post
    ADD CONSTRAINT passages_to_post_pkey PRIMARY KEY (chunk_id);

--
-- Name: payment_jobs payment_jobs_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.payment_jobs
    ADD CONSTRAINT payment_jobs_pkey PRIMARY KEY (order_id, kind);

--
-- Name: posted_passages posted_passages_chunk_id_key; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.posted_passages
    ADD CONSTRAINT posted_passages_chunk_id_key UNIQUE (chunk_id);

--
-- Name: posted_passages posted_passages_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.posted_passages
    ADD CONSTRAINT posted_passages_pkey PRIMARY KEY (posting_id);

--
-- Name: posting_segments posting_segments_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.posting_segments
    ADD CONSTRAINT posting_segments_pkey PRIMARY KEY (id);

--
-- Name: postings postings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.postings
    ADD CONSTRAINT postings_pkey PRIMARY KEY (segment_id, word, stemmer) INCLUDE (size);

--
-- Name: product_buyers product_buyers_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.product_buyers
    ADD CONSTRAINT product_buyers_pkey PRIMARY KEY (product_id);

--
-- Name: product_pairs product_pairs_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.product_pairs
    ADD CONSTRAINT product_pairs_pkey PRIMARY KEY (product_id, other_id);

--
-- Name: product_words product_words_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.product_words
    ADD CONSTRAINT product_words_pkey PRIMARY KEY (product_id);

--
-- Name: purchases_to_take_back purchases_to_take_back_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.purchases_to_take_back
    ADD CONSTRAINT purchases_to_take_back_pkey PRIMARY KEY (id);

--
-- Name: removals removals_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.removals
    ADD CONSTRAINT removals_pkey PRIMARY KEY (kind, subject_id);

--
-- Name: rights_lost rights_lost_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.rights_lost
    ADD CONSTRAINT rights_lost_pkey PRIMARY KEY (id);

--
-- Name: secrets secrets_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.secrets
    ADD CONSTRAINT secrets_pkey PRIMARY KEY (name);

--
-- Name: sent_invitations sent_invitations_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.sent_invitations
    ADD CONSTRAINT sent_invitations_pkey PRIMARY KEY (invitation_id);

--
-- Name: settings settings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (is_only);

--
-- Name: shards shards_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.shards
    ADD CONSTRAINT shards_pkey PRIMARY KEY (id);

--
-- Name: shards shards_scope_id_model_id_key; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.shards
    ADD CONSTRAINT shards_scope_id_model_id_key UNIQUE (scope_id, model_id);

--
-- Name: staged_embeddings staged_embeddings_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.staged_embeddings
    ADD CONSTRAINT staged_embeddings_pkey PRIMARY KEY (source_id, model_id, input_hash);

--
-- Name: vocabulary vocabulary_pkey; Type: CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.vocabulary
    ADD CONSTRAINT vocabulary_pkey PRIMARY KEY (scope_id, form, stemmer, stem, segment_id);

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
-- Name: currencies currencies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.currencies
    ADD CONSTRAINT currencies_pkey PRIMARY KEY (code);

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
-- Name: categories id of a category is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT "id of a category is unique" PRIMARY KEY (id);

--
-- Name: documents id of a document is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.documents
    ADD CONSTRAINT "id of a document is unique" PRIMARY KEY (id);

--
-- Name: products id of a product is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT "id of a product is unique" PRIMARY KEY (id);

--
-- Name: interactions interactions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_pkey PRIMARY KEY (id);

--
-- Name: invitations invitations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

--
-- Name: memberships memberships_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.memberships
    ADD CONSTRAINT memberships_pkey PRIMARY KEY (organization_id, user_id);

--
-- Name: order_items order_items_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_pkey PRIMARY KEY (order_id, "position");

--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

--
-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

--
-- Name: product_popularity product_popularity_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_popularity
    ADD CONSTRAINT product_popularity_pkey PRIMARY KEY (product_id);

--
-- Name: products products_id_scope_id_category_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_id_scope_id_category_id_key UNIQUE (id, scope_id, category_id);

--
-- Name: products products_id_scope_id_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_id_scope_id_key UNIQUE (id, scope_id);

--
-- Name: profiles profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);

--
-- Name: products sku of a product is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT "sku of a product is unique" UNIQUE (sku);

--
-- Name: categories slug of a category is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.categories
    ADD CONSTRAINT "slug of a category is unique" UNIQUE (slug);

--
-- Name: organizations slug of an organization is unique; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT "slug of an organization is unique" UNIQUE (slug);

--
-- Name: counted_interactions_counted_at_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX counted_interactions_counted_at_idx ON private.counted_interactions USING btree (counted_at);

--
-- Name: embedding_jobs_document_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_document_id_idx ON private.embedding_jobs USING btree (document_id);

--
-- Name: embedding_jobs_product_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_product_id_idx ON private.embedding_jobs USING btree (product_id);

--
-- Name: embedding_jobs_short_turn_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_short_turn_idx ON private.embedding_jobs USING btree (turn, revision) WHERE ((parked_at IS NULL) AND is_short);

--
-- Name: embedding_jobs_tenant_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_tenant_id_idx ON private.embedding_jobs USING btree (tenant_id, is_short, turn_ends) WHERE (parked_at IS NULL);

--
-- Name: embedding_jobs_turn_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX embedding_jobs_turn_idx ON private.embedding_jobs USING btree (turn, revision) WHERE (parked_at IS NULL);

--
-- Name: embedding_models_is_active_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE UNIQUE INDEX embedding_models_is_active_idx ON private.embedding_models USING btree (is_active) WHERE is_active;

--
-- Name: passage_counts_scope_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX passage_counts_scope_id_idx ON private.passage_counts USING btree (scope_id) INCLUDE (passages, tokens);

--
-- Name: passages_to_post_scope_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX passages_to_post_scope_id_idx ON private.passages_to_post USING btree (scope_id);

--
-- Name: payment_jobs_due_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX payment_jobs_due_idx ON private.payment_jobs USING btree (available_at) WHERE ((done_at IS NULL) AND (parked_at IS NULL));

--
-- Name: payment_jobs_parked_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX payment_jobs_parked_idx ON private.payment_jobs USING btree (parked_at) WHERE (parked_at IS NOT NULL);

--
-- Name: posting_segments_scope_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX posting_segments_scope_id_idx ON private.posting_segments USING btree (scope_id);

--
-- Name: postings_word_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX postings_word_idx ON private.postings USING btree (word, stemmer, scope_id) INCLUDE (size);

--
-- Name: product_pairs_people_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX product_pairs_people_idx ON private.product_pairs USING btree (product_id, people DESC) INCLUDE (other_id);

--
-- Name: product_words_stemmer_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX product_words_stemmer_idx ON private.product_words USING btree (stemmer);

--
-- Name: product_words_words_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX product_words_words_idx ON private.product_words USING gin (words);

--
-- Name: purchases_to_take_back_user_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX purchases_to_take_back_user_id_idx ON private.purchases_to_take_back USING btree (user_id);

--
-- Name: removals_turn_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX removals_turn_idx ON private.removals USING btree (turn);

--
-- Name: rights_lost_at_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX rights_lost_at_idx ON private.rights_lost USING btree (at);

--
-- Name: rights_lost_xid_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX rights_lost_xid_idx ON private.rights_lost USING btree (xid);

--
-- Name: sent_invitations_invited_by_sent_at_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX sent_invitations_invited_by_sent_at_idx ON private.sent_invitations USING btree (invited_by, sent_at);

--
-- Name: sent_invitations_sent_at_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX sent_invitations_sent_at_idx ON private.sent_invitations USING btree (sent_at);

--
-- Name: shards_model_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX shards_model_id_idx ON private.shards USING btree (model_id);

--
-- Name: vocabulary_segment_id_idx; Type: INDEX; Schema: private; Owner: -
--

CREATE INDEX vocabulary_segment_id_idx ON private.vocabulary USING btree (segment_id);

--
-- Name: chunk_embeddings_chunk_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_chunk_id_idx ON public.chunk_embeddings USING btree (chunk_id, source_id, scope_id);

--
-- Name: chunk_embeddings_model_1_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_model_1_idx ON public.chunk_embeddings USING hnsw (((embedding)::extensions.halfvec(384)) extensions.halfvec_cosine_ops) WITH (m='32', ef_construction='400') WHERE ((model_id = 1) AND is_indexed);

--
-- Name: chunk_embeddings_model_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_model_id_idx ON public.chunk_embeddings USING btree (model_id, dimensions);

--
-- Name: chunk_embeddings_scope_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_scope_id_idx ON public.chunk_embeddings USING btree (scope_id, model_id, shard_id);

--
-- Name: chunk_embeddings_source_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_source_id_idx ON public.chunk_embeddings USING btree (source_id);

--
-- Name: chunk_embeddings_waiting_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX chunk_embeddings_waiting_idx ON public.chunk_embeddings USING btree (model_id, scope_id) WHERE ((NOT is_indexed) AND (shard_id = 0));

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
-- Name: interactions_order_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_order_id_idx ON public.interactions USING btree (order_id) WHERE (order_id IS NOT NULL);

--
-- Name: interactions_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_product_id_idx ON public.interactions USING btree (product_id);

--
-- Name: interactions_purchases_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_purchases_idx ON public.interactions USING btree (user_id, product_id) WHERE (kind = 'purchase'::public.interaction_kind);

--
-- Name: interactions_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX interactions_user_id_idx ON public.interactions USING btree (user_id, created_at);

--
-- Name: invitations_answered_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_answered_at_idx ON public.invitations USING btree (answered_at);

--
-- Name: invitations_document_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_document_id_idx ON public.invitations USING btree (document_id);

--
-- Name: invitations_email_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_email_idx ON public.invitations USING btree (email);

--
-- Name: invitations_expires_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_expires_at_idx ON public.invitations USING btree (expires_at) WHERE (status = 'pending'::public.invitation_status);

--
-- Name: invitations_invited_by_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_invited_by_idx ON public.invitations USING btree (invited_by);

--
-- Name: invitations_organization_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_organization_id_idx ON public.invitations USING btree (organization_id);

--
-- Name: invitations_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX invitations_user_id_idx ON public.invitations USING btree (user_id);

--
-- Name: memberships_user_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX memberships_user_id_idx ON public.memberships USING btree (user_id, organization_id) INCLUDE (role);

--
-- Name: one pending invitation of a person to a document; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "one pending invitation of a person to a document" ON public.invitations USING btree (document_id, user_id) WHERE (status = 'pending'::public.invitation_status);

--
-- Name: one pending invitation of a person to an organization; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "one pending invitation of a person to an organization" ON public.invitations USING btree (organization_id, user_id) WHERE (status = 'pending'::public.invitation_status);

--
-- Name: one pending invitation of an address to a document; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "one pending invitation of an address to a document" ON public.invitations USING btree (document_id, email) WHERE (status = 'pending'::public.invitation_status);

--
-- Name: one pending invitation of an address to an organization; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX "one pending invitation of an address to an organization" ON public.invitations USING btree (organization_id, email) WHERE (status = 'pending'::public.invitation_status);

--
-- Name: order_items_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX order_items_product_id_idx ON public.order_items USING btree (product_id);

--
-- Name: orders_buyer_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_buyer_id_idx ON public.orders USING btree (buyer_id, created_at);

--
-- Name: orders_pending_buyer_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_pending_buyer_id_idx ON public.orders USING btree (buyer_id) WHERE (status = 'pending'::text);

--
-- Name: orders_status_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX orders_status_idx ON public.orders USING btree (status, created_at) WHERE (status = ANY (ARRAY['pending'::text, 'paid'::text]));

--
-- Name: organizations_created_by_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX organizations_created_by_idx ON public.organizations USING btree (created_by);

--
-- Name: organizations_publishers_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX organizations_publishers_idx ON public.organizations USING btree (id) INCLUDE (may_publish) WHERE (published_at IS NOT NULL);

--
-- Name: product_popularity_category_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_popularity_category_id_idx ON public.product_popularity USING btree (category_id, scope_id, score DESC, product_id);

--
-- Name: product_popularity_product_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_popularity_product_id_idx ON public.product_popularity USING btree (product_id, scope_id, category_id);

--
-- Name: product_popularity_scope_id_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX product_popularity_scope_id_idx ON public.product_popularity USING btree (scope_id, score DESC, product_id);

--
-- Name: products_article_number_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_article_number_idx ON public.products USING btree (upper(regexp_replace(sku, '[^[:alnum:]]'::text, ''::text, 'g'::text)) COLLATE "C");

--
-- Name: products_category_id_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_created_at_idx ON public.products USING btree (category_id, created_at, id);

--
-- Name: products_category_id_name_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_name_idx ON public.products USING btree (category_id, name, id);

--
-- Name: products_category_id_price_cents_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_price_cents_idx ON public.products USING btree (category_id, price_cents, id);

--
-- Name: products_category_id_price_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_category_id_price_idx ON public.products USING btree (category_id, price, id);

--
-- Name: products_created_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_created_at_idx ON public.products USING btree (created_at, id);

--
-- Name: products_currency_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_currency_idx ON public.products USING btree (currency);

--
-- Name: products_is_active_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_is_active_idx ON public.products USING btree (is_active);

--
-- Name: products_name_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_name_idx ON public.products USING btree (name, id);

--
-- Name: products_name_trigrams_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_name_trigrams_idx ON public.products USING gin (name extensions.gin_trgm_ops);

--
-- Name: products_price_cents_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_price_cents_idx ON public.products USING btree (price_cents, id);

--
-- Name: products_price_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX products_price_idx ON public.products USING btree (price, id);

--
-- Name: profiles_email_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX profiles_email_idx ON public.profiles USING btree (email);

--
-- Name: payment_jobs forget_customer; Type: TRIGGER; Schema: private; Owner: -
--

CREATE TRIGGER forget_customer BEFORE UPDATE ON private.payment_jobs FOR EACH ROW WHEN (((old.done_at IS NULL) AND (new.done_at IS NOT NULL))) EXECUTE FUNCTION private.forget_customer();

--
-- Name: documents a_enforce_rows_of_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_changed AFTER UPDATE ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: invitations a_enforce_rows_of_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_changed AFTER UPDATE ON public.invitations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: memberships a_enforce_rows_of_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_changed AFTER UPDATE ON public.memberships REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: documents a_enforce_rows_of_new; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_new AFTER INSERT ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: interactions a_enforce_rows_of_new; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_new AFTER INSERT ON public.interactions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: invitations a_enforce_rows_of_new; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_new AFTER INSERT ON public.invitations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: organizations a_enforce_rows_of_new; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_enforce_rows_of_new AFTER INSERT ON public.organizations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.enforce_rows_per_write();

--
-- Name: memberships a_keep_an_owner_on_delete; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER a_keep_an_owner_on_delete AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.keep_an_owner();

--
-- Name: organizations add_creator_as_owner; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER add_creator_as_owner AFTER INSERT ON public.organizations FOR EACH ROW WHEN ((new.created_by IS NOT NULL)) EXECUTE FUNCTION private.add_creator_as_owner();

--
-- Name: invitations answer_invitation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER answer_invitation BEFORE UPDATE OF status ON public.invitations FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION private.answer_invitation();

--
-- Name: organizations begin_large_removal; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER begin_large_removal BEFORE DELETE ON public.organizations FOR EACH ROW EXECUTE FUNCTION private.begin_large_organization();

--
-- Name: invitations complete_invitation; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER complete_invitation BEFORE INSERT ON public.invitations FOR EACH ROW EXECUTE FUNCTION private.complete_invitation();

--
-- Name: chunks count_changed_passages; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER count_changed_passages AFTER UPDATE ON public.chunks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_changed_passages();

--
-- Name: chunks count_new_passages; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER count_new_passages AFTER INSERT ON public.chunks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_new_passages();

--
-- Name: chunks count_removed_passages; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER count_removed_passages AFTER DELETE ON public.chunks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.count_removed_passages();

--
-- Name: memberships dissolve_deserted; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER dissolve_deserted AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.dissolve_deserted();

--
-- Name: memberships end_shares_of_leaver; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER end_shares_of_leaver AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.end_shares_of_leaver();

--
-- Name: memberships forbid_appointing; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forbid_appointing BEFORE UPDATE ON public.memberships FOR EACH ROW WHEN (((old.role <> 'owner'::public.membership_role) AND (new.role = 'owner'::public.membership_role))) EXECUTE FUNCTION private.forbid_appointing();

--
-- Name: memberships forget_creator; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forget_creator AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.forget_creator();

--
-- Name: products forget_pairs; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER forget_pairs AFTER DELETE ON public.products REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.forget_pairs();

--
-- Name: documents hold_changed_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER hold_changed_documents AFTER UPDATE ON public.documents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.hold_changed_documents();

--
-- Name: documents hold_new_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER hold_new_documents AFTER INSERT ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.hold_new_documents();

--
-- Name: documents hold_removed_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER hold_removed_documents AFTER DELETE ON public.documents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.hold_removed_documents();

--
-- Name: memberships keep_an_owner_on_update; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_an_owner_on_update AFTER UPDATE ON public.memberships REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.keep_an_owner();

--
-- Name: order_items keep_books; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_books BEFORE UPDATE ON public.order_items FOR EACH ROW WHEN ((((((((old.order_id IS DISTINCT FROM new.order_id) OR (old."position" IS DISTINCT FROM new."position")) OR (old.sku IS DISTINCT FROM new.sku)) OR (old.name IS DISTINCT FROM new.name)) OR (old.unit_price IS DISTINCT FROM new.unit_price)) OR (old.quantity IS DISTINCT FROM new.quantity)) OR ((new.product_id IS NOT NULL) AND (new.product_id IS DISTINCT FROM old.product_id)))) EXECUTE FUNCTION private.keep_books();

--
-- Name: orders keep_books; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_books BEFORE UPDATE ON public.orders FOR EACH ROW WHEN ((((((old.id IS DISTINCT FROM new.id) OR (old.currency IS DISTINCT FROM new.currency)) OR (old.total IS DISTINCT FROM new.total)) OR (old.created_at IS DISTINCT FROM new.created_at)) OR ((new.buyer_id IS NOT NULL) AND (new.buyer_id IS DISTINCT FROM old.buyer_id)))) EXECUTE FUNCTION private.keep_books();

--
-- Name: orders keep_first_status; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_first_status BEFORE INSERT ON public.orders FOR EACH ROW WHEN ((new.status <> 'pending'::text)) EXECUTE FUNCTION private.keep_status();

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
-- Name: products keep_price_exact; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_price_exact BEFORE INSERT OR UPDATE OF price, currency ON public.products FOR EACH ROW EXECUTE FUNCTION private.keep_price_exact();

--
-- Name: orders keep_status; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER keep_status BEFORE UPDATE OF status ON public.orders FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION private.keep_status();

--
-- Name: chunk_embeddings leave_index; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER leave_index BEFORE UPDATE ON public.chunk_embeddings FOR EACH ROW WHEN ((old.scope_id <> new.scope_id)) EXECUTE FUNCTION private.leave_index();

--
-- Name: invitations limit_invitations; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER limit_invitations AFTER INSERT ON public.invitations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.limit_invitations();

--
-- Name: memberships limit_memberships; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER limit_memberships AFTER INSERT ON public.memberships REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.limit_memberships();

--
-- Name: organizations limit_organizations; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER limit_organizations AFTER INSERT ON public.organizations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.limit_organizations();

--
-- Name: document_shares limit_shares; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER limit_shares AFTER INSERT ON public.document_shares REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.limit_shares();

--
-- Name: documents note_changed_document; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_document AFTER UPDATE ON public.documents FOR EACH ROW WHEN ((((((old.scope_id IS DISTINCT FROM new.scope_id) OR (old.owner_id IS DISTINCT FROM new.owner_id)) OR (old.title IS DISTINCT FROM new.title)) OR (old.content IS DISTINCT FROM new.content)) OR (old.metadata IS DISTINCT FROM new.metadata))) EXECUTE FUNCTION private.note_lost_row();

--
-- Name: documents note_changed_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_documents AFTER UPDATE ON public.documents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_changed_documents();

--
-- Name: memberships note_changed_membership; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_membership AFTER UPDATE ON public.memberships FOR EACH ROW EXECUTE FUNCTION private.note_lost_person();

--
-- Name: products note_changed_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_products AFTER UPDATE ON public.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_changed_products();

--
-- Name: document_shares note_changed_share; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_changed_share AFTER UPDATE ON public.document_shares FOR EACH ROW EXECUTE FUNCTION private.note_lost_person();

--
-- Name: documents note_document_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_document_change BEFORE UPDATE ON public.documents FOR EACH ROW EXECUTE FUNCTION private.note_document_change();

--
-- Name: products note_hidden_product; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_hidden_product AFTER UPDATE ON public.products FOR EACH ROW WHEN ((old.scope_id IS DISTINCT FROM new.scope_id)) EXECUTE FUNCTION private.note_lost_row();

--
-- Name: documents note_lost_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_lost_documents AFTER DELETE ON public.documents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_lost_rows();

--
-- Name: memberships note_lost_memberships; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_lost_memberships AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_lost_people();

--
-- Name: products note_lost_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_lost_products AFTER DELETE ON public.products REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_lost_rows();

--
-- Name: document_shares note_lost_shares; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_lost_shares AFTER DELETE ON public.document_shares REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_lost_people();

--
-- Name: documents note_new_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_new_documents AFTER INSERT ON public.documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_new_documents();

--
-- Name: products note_new_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_new_products AFTER INSERT ON public.products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.note_new_products();

--
-- Name: products note_product_words; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_product_words AFTER INSERT OR UPDATE OF name, sku, description, language ON public.products FOR EACH ROW EXECUTE FUNCTION private.note_product_words();

--
-- Name: organizations note_publishing; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_publishing BEFORE INSERT OR UPDATE ON public.organizations FOR EACH ROW WHEN ((new.may_publish AND (new.published_at IS NULL))) EXECUTE FUNCTION private.note_publishing();

--
-- Name: organizations note_publishing_lost; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_publishing_lost AFTER UPDATE ON public.organizations FOR EACH ROW WHEN ((old.may_publish AND (NOT new.may_publish))) EXECUTE FUNCTION private.note_publishing_lost();

--
-- Name: orders note_purchases; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER note_purchases AFTER UPDATE OF status ON public.orders FOR EACH ROW WHEN (((new.status = 'paid'::text) AND (old.status = 'pending'::text) AND (new.withdrawn_at IS NULL) AND (new.buyer_id IS NOT NULL))) EXECUTE FUNCTION private.note_purchases();

--
-- Name: chunks post_changed_passages; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER post_changed_passages AFTER UPDATE ON public.chunks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.post_changed_passages();

--
-- Name: chunks post_new_passages; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER post_new_passages AFTER INSERT ON public.chunks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.post_new_passages();

--
-- Name: interactions queue_interactions; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER queue_interactions AFTER INSERT ON public.interactions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.queue_interactions();

--
-- Name: products rate_new_products; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER rate_new_products AFTER INSERT ON public.products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.rate_new_products();

--
-- Name: documents require_owner_of_moved; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER require_owner_of_moved BEFORE UPDATE ON public.documents FOR EACH ROW WHEN ((old.organization_id IS DISTINCT FROM new.organization_id)) EXECUTE FUNCTION private.require_owner_of_moved();

--
-- Name: documents require_publisher_of_changed; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER require_publisher_of_changed BEFORE UPDATE ON public.documents FOR EACH ROW WHEN (((new.visibility = 'public'::public.document_visibility) AND ((old.visibility IS DISTINCT FROM new.visibility) OR (old.organization_id IS DISTINCT FROM new.organization_id)))) EXECUTE FUNCTION private.require_publisher();

--
-- Name: documents require_publisher_of_new; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER require_publisher_of_new BEFORE INSERT ON public.documents FOR EACH ROW WHEN ((new.visibility = 'public'::public.document_visibility)) EXECUTE FUNCTION private.require_publisher();

--
-- Name: memberships return_drafts_on_demotion; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_drafts_on_demotion AFTER UPDATE ON public.memberships REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.return_drafts();

--
-- Name: memberships return_drafts_on_leaving; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_drafts_on_leaving AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.return_drafts();

--
-- Name: organizations return_private_documents; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER return_private_documents BEFORE DELETE ON public.organizations FOR EACH ROW EXECUTE FUNCTION private.return_private_documents();

--
-- Name: memberships revoke_invitations_on_demotion; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER revoke_invitations_on_demotion AFTER UPDATE ON public.memberships REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION private.revoke_invitations();

--
-- Name: memberships revoke_invitations_on_leaving; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER revoke_invitations_on_leaving AFTER DELETE ON public.memberships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION private.revoke_invitations();

--
-- Name: categories touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.categories FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

--
-- Name: orders touch_updated_at; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION private.touch_updated_at();

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
-- Name: orders withdraw_purchases; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER withdraw_purchases AFTER UPDATE OF status, withdrawn_at ON public.orders FOR EACH ROW WHEN (((old.status = ANY (ARRAY['paid'::text, 'shipped'::text])) AND (old.withdrawn_at IS NULL) AND ((new.status = 'refunded'::text) OR (new.withdrawn_at IS NOT NULL)))) EXECUTE FUNCTION private.withdraw_purchases();

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
-- Name: interaction_rates interaction_rates_user_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.interaction_rates
    ADD CONSTRAINT interaction_rates_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: order_requests order_requests_buyer_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.order_requests
    ADD CONSTRAINT order_requests_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: order_requests order_requests_order_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.order_requests
    ADD CONSTRAINT order_requests_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;

--
-- Name: paired_purchases paired_purchases_user_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.paired_purchases
    ADD CONSTRAINT paired_purchases_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: passages_to_post passages_to_post_chunk_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.passages_to_post
    ADD CONSTRAINT passages_to_post_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES public.chunks(id) ON DELETE CASCADE;

--
-- Name: payment_jobs payment_jobs_order_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.payment_jobs
    ADD CONSTRAINT payment_jobs_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;

--
-- Name: posted_passages posted_passages_chunk_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.posted_passages
    ADD CONSTRAINT posted_passages_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES public.chunks(id) ON DELETE CASCADE;

--
-- Name: postings postings_segment_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.postings
    ADD CONSTRAINT postings_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES private.posting_segments(id) ON DELETE CASCADE;

--
-- Name: product_words product_words_product_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.product_words
    ADD CONSTRAINT product_words_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE CASCADE;

--
-- Name: sent_invitations sent_invitations_invited_by_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.sent_invitations
    ADD CONSTRAINT sent_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: shards shards_model_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.shards
    ADD CONSTRAINT shards_model_id_fkey FOREIGN KEY (model_id) REFERENCES private.embedding_models(id) ON DELETE CASCADE;

--
-- Name: staged_embeddings staged_embeddings_source_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.staged_embeddings
    ADD CONSTRAINT staged_embeddings_source_id_fkey FOREIGN KEY (source_id) REFERENCES private.embedding_jobs(source_id) ON DELETE CASCADE;

--
-- Name: vocabulary vocabulary_segment_id_fkey; Type: FK CONSTRAINT; Schema: private; Owner: -
--

ALTER TABLE ONLY private.vocabulary
    ADD CONSTRAINT vocabulary_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES private.posting_segments(id) ON DELETE CASCADE;

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
-- Name: interactions interactions_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE CASCADE;

--
-- Name: interactions interactions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interactions
    ADD CONSTRAINT interactions_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: invitations invitations_document_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_document_id_fkey FOREIGN KEY (document_id) REFERENCES public.documents(id) ON DELETE CASCADE;

--
-- Name: invitations invitations_invited_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: invitations invitations_organization_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

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
-- Name: order_items order_items_order_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;

--
-- Name: order_items order_items_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.order_items
    ADD CONSTRAINT order_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id) ON DELETE SET NULL;

--
-- Name: orders orders_buyer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES auth.users(id) ON DELETE SET NULL;

--
-- Name: organizations organizations_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_created_by_fkey FOREIGN KEY (created_by) REFERENCES auth.users(id) ON DELETE SET NULL;

--
-- Name: product_popularity product_popularity_product_id_scope_id_category_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.product_popularity
    ADD CONSTRAINT product_popularity_product_id_scope_id_category_id_fkey FOREIGN KEY (product_id, scope_id, category_id) REFERENCES public.products(id, scope_id, category_id) ON UPDATE CASCADE ON DELETE CASCADE;

--
-- Name: products products_category_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_category_fkey FOREIGN KEY (category_id) REFERENCES public.categories(id);

--
-- Name: products products_currency_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_currency_fkey FOREIGN KEY (currency) REFERENCES public.currencies(code);

--
-- Name: profiles profiles_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_id_fkey FOREIGN KEY (id) REFERENCES auth.users(id) ON DELETE CASCADE;

--
-- Name: counted_interactions; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.counted_interactions ENABLE ROW LEVEL SECURITY;

--
-- Name: embedding_jobs; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.embedding_jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: embedding_models; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.embedding_models ENABLE ROW LEVEL SECURITY;

--
-- Name: counted_interactions functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.counted_interactions TO anon, authenticated USING (false);

--
-- Name: holdings functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.holdings TO anon, authenticated USING (false);

--
-- Name: interaction_rates functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.interaction_rates TO anon, authenticated USING (false);

--
-- Name: interactions_to_fold functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.interactions_to_fold TO anon, authenticated USING (false);

--
-- Name: limits functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.limits TO anon, authenticated USING (false);

--
-- Name: order_requests functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.order_requests TO anon, authenticated USING (false);

--
-- Name: paired_purchases functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.paired_purchases TO anon, authenticated USING (false);

--
-- Name: passage_counts functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.passage_counts TO anon, authenticated USING (false);

--
-- Name: passages_to_post functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.passages_to_post TO anon, authenticated USING (false);

--
-- Name: payment_jobs functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.payment_jobs TO anon, authenticated USING (false);

--
-- Name: posted_passages functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.posted_passages TO anon, authenticated USING (false);

--
-- Name: posting_segments functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.posting_segments TO anon, authenticated USING (false);

--
-- Name: postings functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.postings TO anon, authenticated USING (false);

--
-- Name: product_buyers functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.product_buyers TO anon, authenticated USING (false);

--
-- Name: product_pairs functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.product_pairs TO anon, authenticated USING (false);

--
-- Name: product_words functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.product_words TO anon, authenticated USING (false);

--
-- Name: purchases_to_take_back functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.purchases_to_take_back TO anon, authenticated USING (false);

--
-- Name: removals functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.removals TO anon, authenticated USING (false);

--
-- Name: rights_lost functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.rights_lost TO anon, authenticated USING (false);

--
-- Name: secrets functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.secrets TO anon, authenticated USING (false);

--
-- Name: sent_invitations functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.sent_invitations TO anon, authenticated USING (false);

--
-- Name: settings functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.settings TO anon, authenticated USING (false);

--
-- Name: shards functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.shards TO anon, authenticated USING (false);

--
-- Name: vocabulary functions alone use it; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "functions alone use it" ON private.vocabulary TO anon, authenticated USING (false);

--
-- Name: holdings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.holdings ENABLE ROW LEVEL SECURITY;

--
-- Name: interaction_rates; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.interaction_rates ENABLE ROW LEVEL SECURITY;

--
-- Name: interactions_to_fold; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.interactions_to_fold ENABLE ROW LEVEL SECURITY;

--
-- Name: limits; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.limits ENABLE ROW LEVEL SECURITY;

--
-- Name: order_requests; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.order_requests ENABLE ROW LEVEL SECURITY;

--
-- Name: paired_purchases; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.paired_purchases ENABLE ROW LEVEL SECURITY;

--
-- Name: passage_counts; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.passage_counts ENABLE ROW LEVEL SECURITY;

--
-- Name: passages_to_post; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.passages_to_post ENABLE ROW LEVEL SECURITY;

--
-- Name: payment_jobs; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.payment_jobs ENABLE ROW LEVEL SECURITY;

--
-- Name: posted_passages; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.posted_passages ENABLE ROW LEVEL SECURITY;

--
-- Name: posting_segments; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.posting_segments ENABLE ROW LEVEL SECURITY;

--
-- Name: postings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.postings ENABLE ROW LEVEL SECURITY;

--
-- Name: product_buyers; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.product_buyers ENABLE ROW LEVEL SECURITY;

--
-- Name: product_pairs; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.product_pairs ENABLE ROW LEVEL SECURITY;

--
-- Name: product_words; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.product_words ENABLE ROW LEVEL SECURITY;

--
-- Name: purchases_to_take_back; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.purchases_to_take_back ENABLE ROW LEVEL SECURITY;

--
-- Name: removals; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.removals ENABLE ROW LEVEL SECURITY;

--
-- Name: rights_lost; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.rights_lost ENABLE ROW LEVEL SECURITY;

--
-- Name: secrets; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.secrets ENABLE ROW LEVEL SECURITY;

--
-- Name: sent_invitations; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.sent_invitations ENABLE ROW LEVEL SECURITY;

--
-- Name: settings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.settings ENABLE ROW LEVEL SECURITY;

--
-- Name: shards; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.shards ENABLE ROW LEVEL SECURITY;

--
-- Name: staged_embeddings; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.staged_embeddings ENABLE ROW LEVEL SECURITY;

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
-- Name: staged_embeddings the worker reads what it has staged; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker reads what it has staged" ON private.staged_embeddings FOR SELECT TO tidegate_worker USING (true);

--
-- Name: staged_embeddings the worker stages vectors of jobs; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker stages vectors of jobs" ON private.staged_embeddings FOR INSERT TO tidegate_worker WITH CHECK (true);

--
-- Name: embedding_jobs the worker takes, fails and parks jobs; Type: POLICY; Schema: private; Owner: -
--

CREATE POLICY "the worker takes, fails and parks jobs" ON private.embedding_jobs FOR UPDATE TO tidegate_worker USING (true) WITH CHECK (true);

--
-- Name: vocabulary; Type: ROW SECURITY; Schema: private; Owner: -
--

ALTER TABLE private.vocabulary ENABLE ROW LEVEL SECURITY;

--
-- Name: invitations addressees decline, senders revoke; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "addressees decline, senders revoke" ON public.invitations FOR UPDATE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (email = ( SELECT private.my_email() AS my_email)) OR (invited_by = ( SELECT auth.uid() AS uid)) OR ((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations)))))));

--
-- Name: memberships admins change roles, only owners touch owners; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins change roles, only owners touch owners" ON public.memberships FOR UPDATE TO authenticated USING (((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations)))))) WITH CHECK (((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations))))));

--
-- Name: organizations admins change their organization; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins change their organization" ON public.organizations FOR UPDATE TO authenticated USING ((id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))) WITH CHECK ((id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))));

--
-- Name: invitations admins invite members, owners owners, authors readers; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "admins invite members, owners owners, authors readers" ON public.invitations FOR INSERT TO authenticated WITH CHECK ((((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations))))) OR ((user_id IS DISTINCT FROM ( SELECT auth.uid() AS uid)) AND (email IS DISTINCT FROM ( SELECT private.my_email() AS my_email)) AND (EXISTS ( SELECT
   FROM public.documents d
  WHERE ((d.id = invitations.document_id) AND (d.owner_id = ( SELECT auth.uid() AS uid)) AND ((d.organization_id IS NULL) OR (d.visibility = 'private'::public.document_visibility) OR (d.organization_id = ANY (ARRAY( SELECT private.my_organizations('editor'::public.membership_role) AS my_organizations))))))))));

--
-- Name: invitations both sides remove an invitation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "both sides remove an invitation" ON public.invitations FOR DELETE TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (email = ( SELECT private.my_email() AS my_email)) OR (invited_by = ( SELECT auth.uid() AS uid)) OR ((organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations))) AND ((role < 'owner'::public.membership_role) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('owner'::public.membership_role) AS my_organizations)))))));

--
-- Name: invitations both sides see an invitation; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "both sides see an invitation" ON public.invitations FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (email = ( SELECT private.my_email() AS my_email)) OR (invited_by = ( SELECT auth.uid() AS uid)) OR (organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))));

--
-- Name: orders buyers read their own orders, staff read all; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "buyers read their own orders, staff read all" ON public.orders FOR SELECT TO authenticated USING ((((buyer_id >= ( SELECT
        CASE
            WHEN private.is_staff() THEN '00000000-0000-0000-0000-000000000000'::uuid
            ELSE ( SELECT auth.uid() AS uid)
        END AS uid)) AND (buyer_id <= ( SELECT
        CASE
            WHEN private.is_staff() THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
            ELSE ( SELECT auth.uid() AS uid)
        END AS uid))) OR ((buyer_id IS NULL) AND ( SELECT private.is_staff() AS is_staff))));

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
-- Name: currencies; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.currencies ENABLE ROW LEVEL SECURITY;

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
-- Name: currencies everybody reads currencies; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "everybody reads currencies" ON public.currencies FOR SELECT TO anon, authenticated USING (true);

--
-- Name: interactions; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.interactions ENABLE ROW LEVEL SECURITY;

--
-- Name: invitations; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.invitations ENABLE ROW LEVEL SECURITY;

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
-- Name: categories open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.categories AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: chunk_embeddings open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.chunk_embeddings AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: chunks open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.chunks AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: currencies open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.currencies AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: document_shares open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.document_shares AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: documents open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.documents AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: interactions open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.interactions AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: invitations open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.invitations AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: memberships open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.memberships AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: order_items open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.order_items AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: orders open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.orders AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: organizations open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.organizations AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: product_popularity open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.product_popularity AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: products open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.products AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: profiles open accounts alone; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "open accounts alone" ON public.profiles AS RESTRICTIVE TO authenticated USING ((( SELECT private.open_account() AS open_account) IS NOT NULL));

--
-- Name: order_items; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.order_items ENABLE ROW LEVEL SECURITY;

--
-- Name: orders; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;

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
-- Name: interactions people note what they look at and put into the cart; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people note what they look at and put into the cart" ON public.interactions FOR INSERT TO authenticated WITH CHECK (((user_id = ( SELECT auth.uid() AS uid)) AND (kind = ANY (ARRAY['view'::public.interaction_kind, 'cart'::public.interaction_kind])) AND (EXISTS ( SELECT
   FROM public.products p
  WHERE ((p.id = interactions.product_id) AND p.is_active)))));

--
-- Name: products people read active products, staff read all; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read active products, staff read all" ON public.products FOR SELECT TO authenticated USING ((is_active OR ( SELECT private.is_staff() AS is_staff)));

--
-- Name: order_items people read the lines of the orders they read; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read the lines of the orders they read" ON public.order_items FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.orders o
  WHERE (o.id = order_items.order_id))));

--
-- Name: chunks people read the passages of what they read; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read the passages of what they read" ON public.chunks FOR SELECT TO authenticated USING (((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))) OR (source_id = ANY (ARRAY( SELECT private.my_shared_documents() AS my_shared_documents)))));

--
-- Name: product_popularity people read the popularity of active products, staff of all; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read the popularity of active products, staff of all" ON public.product_popularity FOR SELECT TO authenticated USING (((scope_id = '00000000-0000-0000-0000-000000000001'::uuid) OR ( SELECT private.is_staff() AS is_staff)));

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
-- Name: interactions people read what they did; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people read what they did" ON public.interactions FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));

--
-- Name: document_shares people see shares with them, owners and admins their own; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "people see shares with them, owners and admins their own" ON public.document_shares FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.documents d
  WHERE ((d.id = document_shares.document_id) AND (((d.visibility <> 'private'::public.document_visibility) AND (d.organization_id = ANY (ARRAY( SELECT private.my_organizations('admin'::public.membership_role) AS my_organizations)))) OR ((d.owner_id = ( SELECT auth.uid() AS uid)) AND ((d.organization_id IS NULL) OR (d.visibility = 'private'::public.document_visibility) OR (d.organization_id = ANY (ARRAY( SELECT private.my_organizations() AS my_organizations)))))))))));

--
-- Name: product_popularity; Type: ROW SECURITY; Schema: public; Owner: -
--

ALTER TABLE public.product_popularity ENABLE ROW LEVEL SECURITY;

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

CREATE POLICY "visitors read public documents" ON public.documents FOR SELECT TO anon USING ((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))));

--
-- Name: chunks visitors read public passages; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read public passages" ON public.chunks FOR SELECT TO anon USING ((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))));

--
-- Name: chunk_embeddings visitors read public vectors; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read public vectors" ON public.chunk_embeddings FOR SELECT TO anon USING ((scope_id = ANY (ARRAY( SELECT private.my_scopes() AS my_scopes))));

--
-- Name: product_popularity visitors read the popularity of active products; Type: POLICY; Schema: public; Owner: -
--

CREATE POLICY "visitors read the popularity of active products" ON public.product_popularity FOR SELECT TO anon USING ((scope_id = '00000000-0000-0000-0000-000000000001'::uuid));

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
-- Name: FUNCTION accept_invitation(invitation_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.accept_invitation(invitation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.accept_invitation(invitation_id uuid) TO authenticated;

--
-- Name: FUNCTION account_holdings(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.account_holdings(person uuid) FROM PUBLIC;

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
-- Name: FUNCTION acts_for_the_shop(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.acts_for_the_shop() FROM PUBLIC;
GRANT ALL ON FUNCTION private.acts_for_the_shop() TO authenticated;
GRANT ALL ON FUNCTION private.acts_for_the_shop() TO service_role;

--
-- Name: FUNCTION add_creator_as_owner(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.add_creator_as_owner() FROM PUBLIC;

--
-- Name: FUNCTION add_pairs(user_ids uuid[], product_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.add_pairs(user_ids uuid[], product_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION add_up_passage_counts(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.add_up_passage_counts() FROM PUBLIC;
GRANT ALL ON FUNCTION private.add_up_passage_counts() TO tidegate_worker;

--
-- Name: FUNCTION answer_invitation(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.answer_invitation() FROM PUBLIC;

--
-- Name: FUNCTION article_matches(query text, scopes uuid[], sources uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.article_matches(query text, scopes uuid[], sources uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION article_number(typed text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.article_number(typed text) FROM PUBLIC;

--
-- Name: FUNCTION become(claims text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.become(claims text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.become(claims text) TO tidegate_gateway;

--
-- Name: FUNCTION begin_emptying(person uuid, deletes_account boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.begin_emptying(person uuid, deletes_account boolean) FROM PUBLIC;

--
-- Name: FUNCTION begin_large_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.begin_large_account() FROM PUBLIC;

--
-- Name: FUNCTION begin_large_organization(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.begin_large_organization() FROM PUBLIC;

--
-- Name: FUNCTION best_of_sources(matches private.chunk_match[], row_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) TO anon;
GRANT ALL ON FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) TO authenticated;
GRANT ALL ON FUNCTION private.best_of_sources(matches private.chunk_match[], row_limit integer) TO service_role;

--
-- Name: FUNCTION bought_together(of_products uuid[], row_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.bought_together(of_products uuid[], row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.bought_together(of_products uuid[], row_limit integer) TO anon;
GRANT ALL ON FUNCTION private.bought_together(of_products uuid[], row_limit integer) TO authenticated;
GRANT ALL ON FUNCTION private.bought_together(of_products uuid[], row_limit integer) TO service_role;

--
-- Name: FUNCTION cancel_order(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.cancel_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.cancel_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.cancel_order(order_id uuid) TO service_role;

--
-- Name: FUNCTION cancel_pending_orders(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.cancel_pending_orders() FROM PUBLIC;

--
-- Name: FUNCTION claim_payments(max_jobs integer, lease_s double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.claim_payments(max_jobs integer, lease_s double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.claim_payments(max_jobs integer, lease_s double precision) TO tidegate_worker;

--
-- Name: FUNCTION close_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.close_account() FROM PUBLIC;
GRANT ALL ON FUNCTION private.close_account() TO authenticated;

--
-- Name: FUNCTION close_shard(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.close_shard() FROM PUBLIC;
GRANT ALL ON FUNCTION private.close_shard() TO tidegate_worker;

--
-- Name: FUNCTION co_purchase_memory(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.co_purchase_memory() FROM PUBLIC;

--
-- Name: FUNCTION co_purchase_weight(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.co_purchase_weight() FROM PUBLIC;
GRANT ALL ON FUNCTION private.co_purchase_weight() TO anon;
GRANT ALL ON FUNCTION private.co_purchase_weight() TO authenticated;
GRANT ALL ON FUNCTION private.co_purchase_weight() TO service_role;

--
-- Name: FUNCTION comparison_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.comparison_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.comparison_limit() TO anon;
GRANT ALL ON FUNCTION private.comparison_limit() TO authenticated;
GRANT ALL ON FUNCTION private.comparison_limit() TO service_role;

--
-- Name: FUNCTION complete_invitation(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.complete_invitation() FROM PUBLIC;

--
-- Name: TABLE orders; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.orders TO service_role;

--
-- Name: COLUMN orders.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.buyer_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(buyer_id) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.status; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(status) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.currency; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(currency) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.total; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(total) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.reason; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(reason) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.withdrawn_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(withdrawn_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.paid_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(paid_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.shipped_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(shipped_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.cancelled_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(cancelled_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.refunded_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(refunded_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.orders TO authenticated;

--
-- Name: COLUMN orders.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(updated_at) ON TABLE public.orders TO authenticated;

--
-- Name: FUNCTION complete_refund(known public.orders); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.complete_refund(known public.orders) FROM PUBLIC;

--
-- Name: FUNCTION corrected_words(query text, counted private.query_term[], scopes uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.corrected_words(query text, counted private.query_term[], scopes uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION count_changed_passages(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.count_changed_passages() FROM PUBLIC;

--
-- Name: FUNCTION count_new_passages(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.count_new_passages() FROM PUBLIC;

--
-- Name: FUNCTION count_removed_passages(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.count_removed_passages() FROM PUBLIC;

--
-- Name: FUNCTION counted_invitations(sender uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.counted_invitations(sender uuid) FROM PUBLIC;

--
-- Name: FUNCTION counted_purchases(of_user uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.counted_purchases(of_user uuid) FROM PUBLIC;

--
-- Name: FUNCTION counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION create_profile(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.create_profile() FROM PUBLIC;

--
-- Name: FUNCTION decline_invitation(invitation_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.decline_invitation(invitation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.decline_invitation(invitation_id uuid) TO authenticated;

--
-- Name: FUNCTION dissolve_deserted(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.dissolve_deserted() FROM PUBLIC;

--
-- Name: FUNCTION public_scope(organization_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.public_scope(organization_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.public_scope(organization_id uuid) TO anon;
GRANT ALL ON FUNCTION private.public_scope(organization_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.public_scope(organization_id uuid) TO service_role;
GRANT ALL ON FUNCTION private.public_scope(organization_id uuid) TO tidegate_worker;

--
-- Name: TABLE documents; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.documents TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.documents TO service_role;
GRANT SELECT ON TABLE public.documents TO tidegate_worker;

--
-- Name: COLUMN documents.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id),INSERT(id),UPDATE(id) ON TABLE public.documents TO authenticated;
GRANT SELECT(id) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.owner_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(owner_id),INSERT(owner_id) ON TABLE public.documents TO authenticated;
GRANT SELECT(owner_id) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.organization_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(organization_id),INSERT(organization_id),UPDATE(organization_id) ON TABLE public.documents TO authenticated;
GRANT SELECT(organization_id) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.visibility; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(visibility),INSERT(visibility),UPDATE(visibility) ON TABLE public.documents TO authenticated;
GRANT SELECT(visibility) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.title; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(title),INSERT(title),UPDATE(title) ON TABLE public.documents TO authenticated;
GRANT SELECT(title) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.content; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(content),INSERT(content),UPDATE(content) ON TABLE public.documents TO authenticated;
GRANT SELECT(content) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.language; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(language),INSERT(language),UPDATE(language) ON TABLE public.documents TO authenticated;
GRANT SELECT(language) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.source_uri; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(source_uri),INSERT(source_uri),UPDATE(source_uri) ON TABLE public.documents TO authenticated;
GRANT SELECT(source_uri) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.metadata; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(metadata),INSERT(metadata),UPDATE(metadata) ON TABLE public.documents TO authenticated;
GRANT SELECT(metadata) ON TABLE public.documents TO anon;

--
-- Name: COLUMN documents.status; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(status) ON TABLE public.documents TO tidegate_worker;
GRANT SELECT(status) ON TABLE public.documents TO anon;
GRANT SELECT(status) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.error; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(error) ON TABLE public.documents TO tidegate_worker;
GRANT SELECT(error) ON TABLE public.documents TO anon;
GRANT SELECT(error) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.documents TO anon;
GRANT SELECT(created_at) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(updated_at) ON TABLE public.documents TO anon;
GRANT SELECT(updated_at) ON TABLE public.documents TO authenticated;

--
-- Name: COLUMN documents.scope_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(scope_id) ON TABLE public.documents TO anon;
GRANT SELECT(scope_id) ON TABLE public.documents TO authenticated;

--
-- Name: FUNCTION document_bytes(document public.documents); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.document_bytes(document public.documents) FROM PUBLIC;

--
-- Name: FUNCTION document_of_file(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.document_of_file(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO anon;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO authenticated;
GRANT ALL ON FUNCTION private.document_of_file(name text) TO service_role;

--
-- Name: FUNCTION drop_embedding_model(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.drop_embedding_model(name text) FROM PUBLIC;

--
-- Name: FUNCTION e164(phone text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.e164(phone text) FROM PUBLIC;

--
-- Name: FUNCTION embedding_model_coverage(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.embedding_model_coverage() FROM PUBLIC;

--
-- Name: FUNCTION embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.embedding_queue_status(OUT pending bigint, OUT failed bigint, OUT oldest_pending_seconds double precision) TO tidegate_worker;

--
-- Name: FUNCTION embedding_seconds(bytes bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.embedding_seconds(bytes bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.embedding_seconds(bytes bigint) TO tidegate_worker;

--
-- Name: FUNCTION empty_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.empty_account() FROM PUBLIC;

--
-- Name: FUNCTION end_shares_of_leaver(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.end_shares_of_leaver() FROM PUBLIC;

--
-- Name: FUNCTION enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_holds(buyer uuid, product_ids uuid[], quantities integer[]) FROM PUBLIC;

--
-- Name: FUNCTION enforce_interaction_rate(person uuid, noted bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_interaction_rate(person uuid, noted bigint) FROM PUBLIC;

--
-- Name: FUNCTION enforce_limit(name text, actual bigint, status text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) TO anon;
GRANT ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) TO authenticated;
GRANT ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) TO service_role;
GRANT ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.enforce_limit(name text, actual bigint, status text) TO tidegate_worker;

--
-- Name: FUNCTION enforce_row_level_security(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_row_level_security() FROM PUBLIC;

--
-- Name: FUNCTION enforce_rows_per_write(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.enforce_rows_per_write() FROM PUBLIC;

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
-- Name: FUNCTION expire_invitations(max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.expire_invitations(max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.expire_invitations(max_rows integer) TO tidegate_worker;

--
-- Name: FUNCTION expire_orders(max_orders integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.expire_orders(max_orders integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.expire_orders(max_orders integer) TO tidegate_worker;

--
-- Name: FUNCTION failed_documents_as(claims text, max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.failed_documents_as(claims text, max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.failed_documents_as(claims text, max_rows integer) TO tidegate_gateway;

--
-- Name: FUNCTION fewest_people(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.fewest_people() FROM PUBLIC;
GRANT ALL ON FUNCTION private.fewest_people() TO anon;
GRANT ALL ON FUNCTION private.fewest_people() TO authenticated;
GRANT ALL ON FUNCTION private.fewest_people() TO service_role;

--
-- Name: FUNCTION filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) TO anon;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) TO authenticated;
GRANT ALL ON FUNCTION private.filtered_sources(kinds text[], organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata jsonb) TO service_role;

--
-- Name: FUNCTION fold_interactions(max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.fold_interactions(max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.fold_interactions(max_rows integer) TO tidegate_worker;

--
-- Name: FUNCTION fold_popularity(interaction_ids bigint[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.fold_popularity(interaction_ids bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION follow_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.follow_account() FROM PUBLIC;

--
-- Name: FUNCTION forbid_appointing(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forbid_appointing() FROM PUBLIC;

--
-- Name: FUNCTION forbid_temporary_objects(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forbid_temporary_objects() FROM PUBLIC;

--
-- Name: FUNCTION forget_counted(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_counted() FROM PUBLIC;
GRANT ALL ON FUNCTION private.forget_counted() TO tidegate_worker;

--
-- Name: FUNCTION forget_creator(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_creator() FROM PUBLIC;

--
-- Name: FUNCTION forget_customer(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_customer() FROM PUBLIC;

--
-- Name: FUNCTION forget_pairs(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_pairs() FROM PUBLIC;

--
-- Name: FUNCTION forget_uploader(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.forget_uploader(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION free_email(email text, person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.free_email(email text, person uuid) FROM PUBLIC;

--
-- Name: FUNCTION has_room_for_file(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.has_room_for_file(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.has_room_for_file(name text) TO authenticated;
GRANT ALL ON FUNCTION private.has_room_for_file(name text) TO service_role;

--
-- Name: FUNCTION heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.heartbeat(since text, OUT next text, OUT everything boolean, OUT people uuid[], OUT sources uuid[], OUT behind_s double precision) TO tidegate_gateway;

--
-- Name: FUNCTION hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.hold(holder uuid, organization boolean, more_documents bigint, more_bytes bigint) FROM PUBLIC;

--
-- Name: FUNCTION hold_changed_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.hold_changed_documents() FROM PUBLIC;

--
-- Name: FUNCTION hold_new_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.hold_new_documents() FROM PUBLIC;

--
-- Name: FUNCTION hold_removed_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.hold_removed_documents() FROM PUBLIC;

--
-- Name: FUNCTION index_embeddings(max_rows integer, tolerated integer, of_model smallint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer, of_model smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.index_embeddings(max_rows integer, tolerated integer, of_model smallint) TO tidegate_worker;

--
-- Name: FUNCTION interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.interaction_key(user_id uuid, product_id uuid, kind public.interaction_kind, at timestamp with time zone) FROM PUBLIC;

--
-- Name: FUNCTION invitation_addressee(email text, user_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.invitation_addressee(email text, user_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION invitation_expiry(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.invitation_expiry() FROM PUBLIC;
GRANT ALL ON FUNCTION private.invitation_expiry() TO authenticated;
GRANT ALL ON FUNCTION private.invitation_expiry() TO service_role;

--
-- Name: TABLE invitations; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.invitations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invitations TO service_role;

--
-- Name: COLUMN invitations.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.organization_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(organization_id),INSERT(organization_id) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.role; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(role),INSERT(role) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.document_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(document_id),INSERT(document_id) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.email; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(email),INSERT(email) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(user_id),INSERT(user_id) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.status; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(status),UPDATE(status) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.title; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(title) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.invited_by; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(invited_by) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.inviter_email; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(inviter_email) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.expires_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(expires_at) ON TABLE public.invitations TO authenticated;

--
-- Name: COLUMN invitations.answered_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(answered_at) ON TABLE public.invitations TO authenticated;

--
-- Name: FUNCTION invitation_as_json(answered public.invitations); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.invitation_as_json(answered public.invitations) FROM PUBLIC;

--
-- Name: FUNCTION is_astray(near private.chunk_match[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_astray(near private.chunk_match[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_astray(near private.chunk_match[]) TO anon;
GRANT ALL ON FUNCTION private.is_astray(near private.chunk_match[]) TO authenticated;
GRANT ALL ON FUNCTION private.is_astray(near private.chunk_match[]) TO service_role;

--
-- Name: FUNCTION is_held_to_limits(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_held_to_limits() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_held_to_limits() TO authenticated;

--
-- Name: FUNCTION is_large_account(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_large_account(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION is_large_organization(organization uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_large_organization(organization uuid) FROM PUBLIC;

--
-- Name: FUNCTION is_staff(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_staff() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_staff() TO anon;
GRANT ALL ON FUNCTION private.is_staff() TO authenticated;
GRANT ALL ON FUNCTION private.is_staff() TO service_role;

--
-- Name: FUNCTION is_staff_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.is_staff_account() FROM PUBLIC;
GRANT ALL ON FUNCTION private.is_staff_account() TO anon;
GRANT ALL ON FUNCTION private.is_staff_account() TO authenticated;
GRANT ALL ON FUNCTION private.is_staff_account() TO service_role;

--
-- Name: FUNCTION just_bought(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.just_bought() FROM PUBLIC;
GRANT ALL ON FUNCTION private.just_bought() TO anon;
GRANT ALL ON FUNCTION private.just_bought() TO authenticated;
GRANT ALL ON FUNCTION private.just_bought() TO service_role;

--
-- Name: FUNCTION just_bought_interval(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.just_bought_interval() FROM PUBLIC;
GRANT ALL ON FUNCTION private.just_bought_interval() TO anon;
GRANT ALL ON FUNCTION private.just_bought_interval() TO authenticated;
GRANT ALL ON FUNCTION private.just_bought_interval() TO service_role;

--
-- Name: FUNCTION keep_an_owner(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_an_owner() FROM PUBLIC;

--
-- Name: FUNCTION keep_books(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_books() FROM PUBLIC;

--
-- Name: FUNCTION keep_key(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_key() FROM PUBLIC;

--
-- Name: FUNCTION keep_price_exact(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_price_exact() FROM PUBLIC;

--
-- Name: FUNCTION keep_status(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keep_status() FROM PUBLIC;

--
-- Name: FUNCTION keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) TO anon;
GRANT ALL ON FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) TO authenticated;
GRANT ALL ON FUNCTION private.keyword_matches(query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer) TO service_role;

--
-- Name: FUNCTION leave_index(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leave_index() FROM PUBLIC;

--
-- Name: FUNCTION leave_orders(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leave_orders(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION leave_organizations(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leave_organizations() FROM PUBLIC;

--
-- Name: FUNCTION leave_some(person uuid, max_organizations integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leave_some(person uuid, max_organizations integer) FROM PUBLIC;

--
-- Name: FUNCTION leavers(people uuid[], organizations uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.leavers(people uuid[], organizations uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION limit_invitations(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.limit_invitations() FROM PUBLIC;

--
-- Name: FUNCTION limit_memberships(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.limit_memberships() FROM PUBLIC;

--
-- Name: FUNCTION limit_of(name text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.limit_of(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.limit_of(name text) TO anon;
GRANT ALL ON FUNCTION private.limit_of(name text) TO authenticated;
GRANT ALL ON FUNCTION private.limit_of(name text) TO service_role;
GRANT ALL ON FUNCTION private.limit_of(name text) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.limit_of(name text) TO tidegate_worker;

--
-- Name: FUNCTION limit_organizations(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.limit_organizations() FROM PUBLIC;

--
-- Name: FUNCTION limit_shares(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.limit_shares() FROM PUBLIC;

--
-- Name: FUNCTION lock_buyer(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_buyer(order_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION lock_leaving(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_leaving(organization_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION lock_limit(name text, subject text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_limit(name text, subject text) FROM PUBLIC;

--
-- Name: FUNCTION lock_order(order_id uuid, for_shop boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_order(order_id uuid, for_shop boolean) FROM PUBLIC;

--
-- Name: FUNCTION lock_organizations(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.lock_organizations(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION make_drafts_personal(user_ids uuid[], organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.make_drafts_personal(user_ids uuid[], organization_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION mark_paid(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.mark_paid(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.mark_paid(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.mark_paid(order_id uuid) TO service_role;

--
-- Name: FUNCTION mark_refunded(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.mark_refunded(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.mark_refunded(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.mark_refunded(order_id uuid) TO service_role;

--
-- Name: FUNCTION may_read_file(name text, created_at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO anon;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION private.may_read_file(name text, created_at timestamp with time zone) TO service_role;

--
-- Name: FUNCTION may_still_invite(sent public.invitations); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.may_still_invite(sent public.invitations) FROM PUBLIC;

--
-- Name: FUNCTION may_write_file(name text, created_at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION private.may_write_file(name text, created_at timestamp with time zone) TO service_role;

--
-- Name: FUNCTION merge_postings(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.merge_postings() FROM PUBLIC;
GRANT ALL ON FUNCTION private.merge_postings() TO tidegate_worker;

--
-- Name: FUNCTION my_email(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.my_email() FROM PUBLIC;
GRANT ALL ON FUNCTION private.my_email() TO authenticated;
GRANT ALL ON FUNCTION private.my_email() TO service_role;

--
-- Name: FUNCTION my_invitation(invitation_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.my_invitation(invitation_id uuid) FROM PUBLIC;

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
-- Name: FUNCTION nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) TO anon;
GRANT ALL ON FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_by_plan(query_embedding extensions.halfvec, model smallint, dimensions integer, plan private.search_plan, scopes uuid[], shares uuid[], sources uuid[], excluded uuid[], match_count integer, row_limit integer) TO service_role;

--
-- Name: FUNCTION nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_many(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO service_role;

--
-- Name: FUNCTION nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_sources(query_embedding extensions.halfvec, model smallint, sources uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO service_role;

--
-- Name: FUNCTION nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO anon;
GRANT ALL ON FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_of_visible(query_embedding extensions.halfvec, model smallint, scopes uuid[], shares uuid[], excluded uuid[], match_count integer, row_limit integer, most bigint) TO service_role;

--
-- Name: FUNCTION nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO anon;
GRANT ALL ON FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_outside_shards(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO service_role;

--
-- Name: FUNCTION nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO anon;
GRANT ALL ON FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO authenticated;
GRANT ALL ON FUNCTION private.nearest_waiting(query_embedding extensions.halfvec, model smallint, scopes uuid[], excluded uuid[], row_limit integer, most bigint) TO service_role;

--
-- Name: FUNCTION neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) TO anon;
GRANT ALL ON FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) TO authenticated;
GRANT ALL ON FUNCTION private.neighbours(seeds private.seed[], excluded uuid[], of_category uuid, row_limit integer, source text) TO service_role;

--
-- Name: FUNCTION new_row_id(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.new_row_id() FROM PUBLIC;
GRANT ALL ON FUNCTION private.new_row_id() TO authenticated;
GRANT ALL ON FUNCTION private.new_row_id() TO service_role;
GRANT ALL ON FUNCTION private.new_row_id() TO tidegate_worker;

--
-- Name: FUNCTION new_shard_id(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.new_shard_id() FROM PUBLIC;

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
-- Name: FUNCTION note_everything_lost(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_everything_lost() FROM PUBLIC;

--
-- Name: FUNCTION note_lost_people(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_lost_people() FROM PUBLIC;

--
-- Name: FUNCTION note_lost_person(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_lost_person() FROM PUBLIC;

--
-- Name: FUNCTION note_lost_row(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_lost_row() FROM PUBLIC;

--
-- Name: FUNCTION note_lost_rows(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_lost_rows() FROM PUBLIC;

--
-- Name: FUNCTION note_new_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_new_documents() FROM PUBLIC;

--
-- Name: FUNCTION note_new_products(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_new_products() FROM PUBLIC;

--
-- Name: FUNCTION note_product_words(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_product_words() FROM PUBLIC;

--
-- Name: FUNCTION note_publishing(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_publishing() FROM PUBLIC;

--
-- Name: FUNCTION note_publishing_lost(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_publishing_lost() FROM PUBLIC;

--
-- Name: FUNCTION note_purchases(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_purchases() FROM PUBLIC;

--
-- Name: FUNCTION note_rights_lost(people uuid[], sources uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.note_rights_lost(people uuid[], sources uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION open_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.open_account() FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_account() TO anon;
GRANT ALL ON FUNCTION private.open_account() TO authenticated;
GRANT ALL ON FUNCTION private.open_account() TO service_role;

--
-- Name: FUNCTION open_shard(of_model smallint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.open_shard(of_model smallint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.open_shard(of_model smallint) TO tidegate_worker;

--
-- Name: FUNCTION order_as_json(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.order_as_json(order_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION order_lines(items jsonb, OUT product_ids uuid[], OUT quantities integer[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.order_lines(items jsonb, OUT product_ids uuid[], OUT quantities integer[]) FROM PUBLIC;

--
-- Name: FUNCTION orphaned_organizations(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.orphaned_organizations(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION owe_refund(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.owe_refund(order_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION owner_names(document_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.owner_names(document_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.owner_names(document_ids uuid[]) TO anon;
GRANT ALL ON FUNCTION private.owner_names(document_ids uuid[]) TO authenticated;
GRANT ALL ON FUNCTION private.owner_names(document_ids uuid[]) TO service_role;

--
-- Name: FUNCTION pairs_to_count(user_ids uuid[], product_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.pairs_to_count(user_ids uuid[], product_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION parse_query(query text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.parse_query(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.parse_query(query text) TO anon;
GRANT ALL ON FUNCTION private.parse_query(query text) TO authenticated;
GRANT ALL ON FUNCTION private.parse_query(query text) TO service_role;

--
-- Name: FUNCTION payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision) TO tidegate_gateway;
GRANT ALL ON FUNCTION private.payment_queue_status(OUT waiting bigint, OUT parked bigint, OUT oldest_waiting_seconds double precision) TO tidegate_worker;

--
-- Name: FUNCTION person_name(metadata jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.person_name(metadata jsonb) FROM PUBLIC;

--
-- Name: FUNCTION place_order(items jsonb, idempotency_key text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.place_order(items jsonb, idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.place_order(items jsonb, idempotency_key text) TO authenticated;

--
-- Name: FUNCTION plan_search(model smallint, scopes uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.plan_search(model smallint, scopes uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.plan_search(model smallint, scopes uuid[]) TO anon;
GRANT ALL ON FUNCTION private.plan_search(model smallint, scopes uuid[]) TO authenticated;
GRANT ALL ON FUNCTION private.plan_search(model smallint, scopes uuid[]) TO service_role;

--
-- Name: FUNCTION popular(excluded uuid[], of_category uuid, row_limit integer, source text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) TO anon;
GRANT ALL ON FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) TO authenticated;
GRANT ALL ON FUNCTION private.popular(excluded uuid[], of_category uuid, row_limit integer, source text) TO service_role;

--
-- Name: FUNCTION popularity_exponent(at timestamp with time zone); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.popularity_exponent(at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION private.popularity_exponent(at timestamp with time zone) TO anon;
GRANT ALL ON FUNCTION private.popularity_exponent(at timestamp with time zone) TO authenticated;
GRANT ALL ON FUNCTION private.popularity_exponent(at timestamp with time zone) TO service_role;

--
-- Name: FUNCTION popularity_half_life(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.popularity_half_life() FROM PUBLIC;
GRANT ALL ON FUNCTION private.popularity_half_life() TO anon;
GRANT ALL ON FUNCTION private.popularity_half_life() TO authenticated;
GRANT ALL ON FUNCTION private.popularity_half_life() TO service_role;

--
-- Name: FUNCTION popularity_now(score double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.popularity_now(score double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.popularity_now(score double precision) TO anon;
GRANT ALL ON FUNCTION private.popularity_now(score double precision) TO authenticated;
GRANT ALL ON FUNCTION private.popularity_now(score double precision) TO service_role;

--
-- Name: FUNCTION post_changed_passages(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.post_changed_passages() FROM PUBLIC;

--
-- Name: FUNCTION post_new_passages(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.post_new_passages() FROM PUBLIC;

--
-- Name: FUNCTION post_passages(max_rows integer, tolerated integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.post_passages(max_rows integer, tolerated integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.post_passages(max_rows integer, tolerated integer) TO tidegate_worker;

--
-- Name: FUNCTION posting_limit(passages bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.posting_limit(passages bigint) FROM PUBLIC;

--
-- Name: FUNCTION posting_row_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.posting_row_limit() FROM PUBLIC;

--
-- Name: FUNCTION postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.postpone_payment(order_id uuid, kind text, attempt integer, error text, delay_s double precision, max_attempts integer, was_sent boolean) TO tidegate_worker;

--
-- Name: FUNCTION power_of_two(exponent double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.power_of_two(exponent double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION private.power_of_two(exponent double precision) TO anon;
GRANT ALL ON FUNCTION private.power_of_two(exponent double precision) TO authenticated;
GRANT ALL ON FUNCTION private.power_of_two(exponent double precision) TO service_role;

--
-- Name: FUNCTION prefix_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.prefix_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.prefix_limit() TO anon;
GRANT ALL ON FUNCTION private.prefix_limit() TO authenticated;
GRANT ALL ON FUNCTION private.prefix_limit() TO service_role;

--
-- Name: FUNCTION prefix_stems(prefixes text[], scopes uuid[], direct bigint[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.prefix_stems(prefixes text[], scopes uuid[], direct bigint[]) FROM PUBLIC;

--
-- Name: FUNCTION products_with(query text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.products_with(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.products_with(query text) TO anon;
GRANT ALL ON FUNCTION private.products_with(query text) TO authenticated;
GRANT ALL ON FUNCTION private.products_with(query text) TO service_role;

--
-- Name: FUNCTION purchase_weight(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.purchase_weight() FROM PUBLIC;

--
-- Name: FUNCTION query_operators(query text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.query_operators(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.query_operators(query text) TO anon;
GRANT ALL ON FUNCTION private.query_operators(query text) TO authenticated;
GRANT ALL ON FUNCTION private.query_operators(query text) TO service_role;

--
-- Name: FUNCTION query_terms(parsed private.parsed_query, kinds text[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) TO anon;
GRANT ALL ON FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) TO authenticated;
GRANT ALL ON FUNCTION private.query_terms(parsed private.parsed_query, kinds text[]) TO service_role;

--
-- Name: FUNCTION query_words(query text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.query_words(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.query_words(query text) TO anon;
GRANT ALL ON FUNCTION private.query_words(query text) TO authenticated;
GRANT ALL ON FUNCTION private.query_words(query text) TO service_role;

--
-- Name: FUNCTION queue_interactions(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.queue_interactions() FROM PUBLIC;

--
-- Name: FUNCTION queue_organizations(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.queue_organizations(organization_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION raised_score(score double precision, amount double precision, exponent double precision); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.raised_score(score double precision, amount double precision, exponent double precision) FROM PUBLIC;

--
-- Name: FUNCTION rate_new_products(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.rate_new_products() FROM PUBLIC;

--
-- Name: FUNCTION rebuild_popularity(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.rebuild_popularity() FROM PUBLIC;

--
-- Name: FUNCTION recent_seeds(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.recent_seeds() FROM PUBLIC;
GRANT ALL ON FUNCTION private.recent_seeds() TO anon;
GRANT ALL ON FUNCTION private.recent_seeds() TO authenticated;
GRANT ALL ON FUNCTION private.recent_seeds() TO service_role;

--
-- Name: FUNCTION recommend_as(claims text, like_product uuid, category text, max_results integer, mode text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.recommend_as(claims text, like_product uuid, category text, max_results integer, mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.recommend_as(claims text, like_product uuid, category text, max_results integer, mode text) TO tidegate_gateway;

--
-- Name: FUNCTION refund_order(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refund_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.refund_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.refund_order(order_id uuid) TO service_role;

--
-- Name: FUNCTION refuse_closed_accounts(target regclass); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refuse_closed_accounts(target regclass) FROM PUBLIC;

--
-- Name: FUNCTION refuse_hold(name text, actual bigint, product_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refuse_hold(name text, actual bigint, product_id uuid) FROM PUBLIC;

--
-- Name: FUNCTION refuse_shortage(product_ids uuid[], quantities integer[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.refuse_shortage(product_ids uuid[], quantities integer[]) FROM PUBLIC;

--
-- Name: FUNCTION register_embedding_model(name text, dimensions integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.register_embedding_model(name text, dimensions integer) FROM PUBLIC;

--
-- Name: FUNCTION remove_account_piece(person uuid, deletes_account boolean, max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_account_piece(person uuid, deletes_account boolean, max_rows integer) FROM PUBLIC;

--
-- Name: FUNCTION remove_deserted(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_deserted(organization_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_deserted(organization_ids uuid[]) TO authenticated;

--
-- Name: FUNCTION remove_deserted_piece(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_deserted_piece(organization_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION remove_documents(document_ids uuid[], max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_documents(document_ids uuid[], max_rows integer) FROM PUBLIC;

--
-- Name: FUNCTION remove_organization_piece(organization uuid, max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_organization_piece(organization uuid, max_rows integer) FROM PUBLIC;

--
-- Name: FUNCTION remove_organizations(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_organizations(organization_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION remove_own_organizations(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_own_organizations(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION remove_personal_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_personal_documents() FROM PUBLIC;

--
-- Name: FUNCTION remove_some(max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.remove_some(max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.remove_some(max_rows integer) TO tidegate_worker;

--
-- Name: FUNCTION repair_passage_counts(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.repair_passage_counts() FROM PUBLIC;
GRANT ALL ON FUNCTION private.repair_passage_counts() TO tidegate_worker;

--
-- Name: FUNCTION replanning_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.replanning_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.replanning_limit() TO anon;
GRANT ALL ON FUNCTION private.replanning_limit() TO authenticated;
GRANT ALL ON FUNCTION private.replanning_limit() TO service_role;

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
-- Name: FUNCTION replay_payment(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.replay_payment(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.replay_payment(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.replay_payment(order_id uuid) TO service_role;

--
-- Name: FUNCTION require_open_account(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.require_open_account() FROM PUBLIC;
GRANT ALL ON FUNCTION private.require_open_account() TO anon;
GRANT ALL ON FUNCTION private.require_open_account() TO authenticated;
GRANT ALL ON FUNCTION private.require_open_account() TO service_role;

--
-- Name: FUNCTION require_owner(organization_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.require_owner(organization_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.require_owner(organization_ids uuid[]) TO authenticated;

--
-- Name: FUNCTION require_owner_of_moved(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.require_owner_of_moved() FROM PUBLIC;

--
-- Name: FUNCTION require_publisher(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.require_publisher() FROM PUBLIC;

--
-- Name: FUNCTION return_drafts(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_drafts() FROM PUBLIC;

--
-- Name: FUNCTION return_drafts_piece(person uuid, max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_drafts_piece(person uuid, max_rows integer) FROM PUBLIC;

--
-- Name: FUNCTION return_private_documents(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_private_documents() FROM PUBLIC;

--
-- Name: FUNCTION return_stock(order_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.return_stock(order_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION revoke_invitations(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.revoke_invitations() FROM PUBLIC;

--
-- Name: FUNCTION row_id_tables(milliseconds bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.row_id_tables(milliseconds bigint) FROM PUBLIC;

--
-- Name: FUNCTION scores_of_passages(passages bigint[], terms private.query_term[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.scores_of_passages(passages bigint[], terms private.query_term[]) FROM PUBLIC;

--
-- Name: FUNCTION search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_as(claims text, query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) TO tidegate_gateway;

--
-- Name: FUNCTION search_extent(kinds text[], OUT passages bigint, OUT tokens bigint); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) TO anon;
GRANT ALL ON FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) TO authenticated;
GRANT ALL ON FUNCTION private.search_extent(kinds text[], OUT passages bigint, OUT tokens bigint) TO service_role;

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
-- Name: FUNCTION semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean) TO anon;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean) TO authenticated;
GRANT ALL ON FUNCTION private.semantic_matches(query_embedding extensions.halfvec, kinds text[], sources uuid[], excluded uuid[], match_count integer, exact boolean) TO service_role;

--
-- Name: FUNCTION semantic_weight(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.semantic_weight() FROM PUBLIC;
GRANT ALL ON FUNCTION private.semantic_weight() TO anon;
GRANT ALL ON FUNCTION private.semantic_weight() TO authenticated;
GRANT ALL ON FUNCTION private.semantic_weight() TO service_role;

--
-- Name: FUNCTION set_publishing(organization_id uuid, may_publish boolean); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.set_publishing(organization_id uuid, may_publish boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION private.set_publishing(organization_id uuid, may_publish boolean) TO authenticated;
GRANT ALL ON FUNCTION private.set_publishing(organization_id uuid, may_publish boolean) TO service_role;

--
-- Name: FUNCTION settle_late_charge(order_id uuid, reference text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.settle_late_charge(order_id uuid, reference text) FROM PUBLIC;

--
-- Name: FUNCTION settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.settle_payment(order_id uuid, kind text, is_accepted boolean, reference text, reason text) TO tidegate_worker;

--
-- Name: FUNCTION shard_size(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.shard_size() FROM PUBLIC;
GRANT ALL ON FUNCTION private.shard_size() TO tidegate_worker;

--
-- Name: FUNCTION ship_order(order_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.ship_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.ship_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION private.ship_order(order_id uuid) TO service_role;

--
-- Name: TABLE order_items; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.order_items TO service_role;

--
-- Name: COLUMN order_items.order_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(order_id) ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items."position"; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT("position") ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items.product_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(product_id) ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items.sku; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(sku) ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items.name; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(name) ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items.unit_price; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(unit_price) ON TABLE public.order_items TO authenticated;

--
-- Name: COLUMN order_items.quantity; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(quantity) ON TABLE public.order_items TO authenticated;

--
-- Name: FUNCTION shown(line public.order_items); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.shown(line public.order_items) FROM PUBLIC;

--
-- Name: FUNCTION shown(known public.orders, items jsonb); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.shown(known public.orders, items jsonb) FROM PUBLIC;

--
-- Name: FUNCTION shuffled(number integer, tables bytea); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.shuffled(number integer, tables bytea) FROM PUBLIC;

--
-- Name: FUNCTION snippet(content text, stemmer text, any_word tsquery); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) FROM PUBLIC;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO anon;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO authenticated;
GRANT ALL ON FUNCTION private.snippet(content text, stemmer text, any_word tsquery) TO service_role;

--
-- Name: FUNCTION sorted_letters(word text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.sorted_letters(word text) FROM PUBLIC;

--
-- Name: FUNCTION source_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.source_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.source_limit() TO anon;
GRANT ALL ON FUNCTION private.source_limit() TO authenticated;
GRANT ALL ON FUNCTION private.source_limit() TO service_role;

--
-- Name: FUNCTION sources_of_phrases(phrases text[], kinds text[], sources uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) TO anon;
GRANT ALL ON FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) TO authenticated;
GRANT ALL ON FUNCTION private.sources_of_phrases(phrases text[], kinds text[], sources uuid[]) TO service_role;

--
-- Name: FUNCTION sources_with(texts text[], kinds text[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.sources_with(texts text[], kinds text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.sources_with(texts text[], kinds text[]) TO anon;
GRANT ALL ON FUNCTION private.sources_with(texts text[], kinds text[]) TO authenticated;
GRANT ALL ON FUNCTION private.sources_with(texts text[], kinds text[]) TO service_role;

--
-- Name: FUNCTION stemmer(language text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.stemmer(language text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.stemmer(language text) TO service_role;
GRANT ALL ON FUNCTION private.stemmer(language text) TO tidegate_worker;

--
-- Name: FUNCTION stuck_payments(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.stuck_payments() FROM PUBLIC;
GRANT ALL ON FUNCTION private.stuck_payments() TO authenticated;
GRANT ALL ON FUNCTION private.stuck_payments() TO service_role;

--
-- Name: FUNCTION take_back(users uuid[], products uuid[], times timestamp with time zone[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_back(users uuid[], products uuid[], times timestamp with time zone[]) FROM PUBLIC;

--
-- Name: FUNCTION take_back_of(person uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_back_of(person uuid) FROM PUBLIC;

--
-- Name: FUNCTION take_back_pairs(user_ids uuid[], product_ids uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_back_pairs(user_ids uuid[], product_ids uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION take_back_purchases(max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_back_purchases(max_rows integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_back_purchases(max_rows integer) TO tidegate_worker;

--
-- Name: FUNCTION take_over_organization(organization_id uuid); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_over_organization(organization_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION private.take_over_organization(organization_id uuid) TO authenticated;

--
-- Name: FUNCTION take_purchases(max_rows integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.take_purchases(max_rows integer) FROM PUBLIC;

--
-- Name: FUNCTION taste(seeds private.seed[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.taste(seeds private.seed[]) FROM PUBLIC;
GRANT ALL ON FUNCTION private.taste(seeds private.seed[]) TO anon;
GRANT ALL ON FUNCTION private.taste(seeds private.seed[]) TO authenticated;
GRANT ALL ON FUNCTION private.taste(seeds private.seed[]) TO service_role;

--
-- Name: FUNCTION touch_updated_at(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.touch_updated_at() FROM PUBLIC;

--
-- Name: FUNCTION unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamp with time zone[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.unfold_popularity(user_ids uuid[], product_ids uuid[], times timestamp with time zone[]) FROM PUBLIC;

--
-- Name: FUNCTION unpaid_order_interval(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.unpaid_order_interval() FROM PUBLIC;
GRANT ALL ON FUNCTION private.unpaid_order_interval() TO authenticated;
GRANT ALL ON FUNCTION private.unpaid_order_interval() TO service_role;

--
-- Name: FUNCTION unposted_passages(scopes uuid[], shares uuid[]); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.unposted_passages(scopes uuid[], shares uuid[]) FROM PUBLIC;

--
-- Name: FUNCTION walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) FROM PUBLIC;
GRANT ALL ON FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) TO anon;
GRANT ALL ON FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) TO authenticated;
GRANT ALL ON FUNCTION private.walk_index(query_embedding extensions.halfvec, model smallint, dimensions integer, shard smallint, scopes uuid[], sources uuid[], excluded uuid[], row_limit integer, walks integer) TO service_role;

--
-- Name: FUNCTION walk_limit(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.walk_limit() FROM PUBLIC;
GRANT ALL ON FUNCTION private.walk_limit() TO anon;
GRANT ALL ON FUNCTION private.walk_limit() TO authenticated;
GRANT ALL ON FUNCTION private.walk_limit() TO service_role;

--
-- Name: FUNCTION withdraw_pending(order_ids uuid[], reason text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.withdraw_pending(order_ids uuid[], reason text) FROM PUBLIC;

--
-- Name: FUNCTION withdraw_purchases(); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.withdraw_purchases() FROM PUBLIC;

--
-- Name: FUNCTION word_forms(stemmer text, content text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.word_forms(stemmer text, content text) FROM PUBLIC;

--
-- Name: FUNCTION word_query(word text); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.word_query(word text) FROM PUBLIC;
GRANT ALL ON FUNCTION private.word_query(word text) TO anon;
GRANT ALL ON FUNCTION private.word_query(word text) TO authenticated;
GRANT ALL ON FUNCTION private.word_query(word text) TO service_role;

--
-- Name: FUNCTION words_to_mark(parsed private.parsed_query); Type: ACL; Schema: private; Owner: -
--

REVOKE ALL ON FUNCTION private.words_to_mark(parsed private.parsed_query) FROM PUBLIC;
GRANT ALL ON FUNCTION private.words_to_mark(parsed private.parsed_query) TO anon;
GRANT ALL ON FUNCTION private.words_to_mark(parsed private.parsed_query) TO authenticated;
GRANT ALL ON FUNCTION private.words_to_mark(parsed private.parsed_query) TO service_role;

--
-- Name: FUNCTION accept_invitation(invitation_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.accept_invitation(invitation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.accept_invitation(invitation_id uuid) TO authenticated;

--
-- Name: FUNCTION cancel_order(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.cancel_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.cancel_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.cancel_order(order_id uuid) TO service_role;

--
-- Name: FUNCTION close_account(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.close_account() FROM PUBLIC;
GRANT ALL ON FUNCTION public.close_account() TO authenticated;

--
-- Name: FUNCTION decline_invitation(invitation_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.decline_invitation(invitation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.decline_invitation(invitation_id uuid) TO authenticated;

--
-- Name: FUNCTION expires_at(public.orders); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.expires_at(public.orders) FROM PUBLIC;
GRANT ALL ON FUNCTION public.expires_at(public.orders) TO authenticated;
GRANT ALL ON FUNCTION public.expires_at(public.orders) TO service_role;

--
-- Name: FUNCTION invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.invite(organization_id uuid, role public.membership_role, document_id uuid, email text, user_id uuid) TO service_role;

--
-- Name: FUNCTION mark_paid(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.mark_paid(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_paid(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.mark_paid(order_id uuid) TO service_role;

--
-- Name: FUNCTION mark_refunded(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.mark_refunded(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.mark_refunded(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.mark_refunded(order_id uuid) TO service_role;

--
-- Name: FUNCTION place_order(items jsonb, idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.place_order(items jsonb, idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.place_order(items jsonb, idempotency_key text) TO authenticated;

--
-- Name: FUNCTION purchase(product_id uuid, quantity integer, idempotency_key text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.purchase(product_id uuid, quantity integer, idempotency_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.purchase(product_id uuid, quantity integer, idempotency_key text) TO authenticated;

--
-- Name: FUNCTION recommend(like_product uuid, category text, max_results integer, mode text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.recommend(like_product uuid, category text, max_results integer, mode text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.recommend(like_product uuid, category text, max_results integer, mode text) TO anon;
GRANT ALL ON FUNCTION public.recommend(like_product uuid, category text, max_results integer, mode text) TO authenticated;
GRANT ALL ON FUNCTION public.recommend(like_product uuid, category text, max_results integer, mode text) TO service_role;

--
-- Name: FUNCTION refund_order(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.refund_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.refund_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.refund_order(order_id uuid) TO service_role;

--
-- Name: FUNCTION replay_payment(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.replay_payment(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.replay_payment(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.replay_payment(order_id uuid) TO service_role;

--
-- Name: FUNCTION retry_document(document_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.retry_document(document_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.retry_document(document_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.retry_document(document_id uuid) TO service_role;

--
-- Name: FUNCTION search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) TO anon;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) TO authenticated;
GRANT ALL ON FUNCTION public.search(query text, query_embedding extensions.halfvec, mode text, kinds text[], max_results integer, organization_ids uuid[], category text, price_min numeric, price_max numeric, in_stock boolean, metadata_contains jsonb, embedding_model text, effort text) TO service_role;

--
-- Name: TABLE products; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.products TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.products TO service_role;
GRANT SELECT ON TABLE public.products TO tidegate_worker;

--
-- Name: COLUMN products.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id),INSERT(id),UPDATE(id) ON TABLE public.products TO authenticated;
GRANT SELECT(id) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.category_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(category_id),INSERT(category_id),UPDATE(category_id) ON TABLE public.products TO authenticated;
GRANT SELECT(category_id) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.sku; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(sku),INSERT(sku),UPDATE(sku) ON TABLE public.products TO authenticated;
GRANT SELECT(sku) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.name; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(name),INSERT(name),UPDATE(name) ON TABLE public.products TO authenticated;
GRANT SELECT(name) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.description; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(description),INSERT(description),UPDATE(description) ON TABLE public.products TO authenticated;
GRANT SELECT(description) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.price; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(price),INSERT(price),UPDATE(price) ON TABLE public.products TO authenticated;
GRANT SELECT(price) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.currency; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(currency),INSERT(currency),UPDATE(currency) ON TABLE public.products TO authenticated;
GRANT SELECT(currency) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.stock; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(stock),INSERT(stock),UPDATE(stock) ON TABLE public.products TO authenticated;
GRANT SELECT(stock) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.is_in_stock; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(is_in_stock) ON TABLE public.products TO anon;
GRANT SELECT(is_in_stock) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.is_active; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(is_active),INSERT(is_active),UPDATE(is_active) ON TABLE public.products TO authenticated;
GRANT SELECT(is_active) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.language; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(language),INSERT(language),UPDATE(language) ON TABLE public.products TO authenticated;
GRANT SELECT(language) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.metadata; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(metadata),INSERT(metadata),UPDATE(metadata) ON TABLE public.products TO authenticated;
GRANT SELECT(metadata) ON TABLE public.products TO anon;

--
-- Name: COLUMN products.scope_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(scope_id) ON TABLE public.products TO anon;
GRANT SELECT(scope_id) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.products TO anon;
GRANT SELECT(created_at) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT UPDATE(updated_at) ON TABLE public.products TO tidegate_worker;
GRANT SELECT(updated_at) ON TABLE public.products TO anon;
GRANT SELECT(updated_at) ON TABLE public.products TO authenticated;

--
-- Name: COLUMN products.price_cents; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(price_cents) ON TABLE public.products TO anon;
GRANT SELECT(price_cents) ON TABLE public.products TO authenticated;

--
-- Name: FUNCTION search_products(query text); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.search_products(query text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.search_products(query text) TO anon;
GRANT ALL ON FUNCTION public.search_products(query text) TO authenticated;
GRANT ALL ON FUNCTION public.search_products(query text) TO service_role;

--
-- Name: FUNCTION set_publishing(organization_id uuid, may_publish boolean); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.set_publishing(organization_id uuid, may_publish boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_publishing(organization_id uuid, may_publish boolean) TO authenticated;
GRANT ALL ON FUNCTION public.set_publishing(organization_id uuid, may_publish boolean) TO service_role;

--
-- Name: FUNCTION ship_order(order_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.ship_order(order_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.ship_order(order_id uuid) TO authenticated;
GRANT ALL ON FUNCTION public.ship_order(order_id uuid) TO service_role;

--
-- Name: FUNCTION stuck_payments(); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.stuck_payments() FROM PUBLIC;
GRANT ALL ON FUNCTION public.stuck_payments() TO authenticated;
GRANT ALL ON FUNCTION public.stuck_payments() TO service_role;

--
-- Name: FUNCTION take_over_organization(organization_id uuid); Type: ACL; Schema: public; Owner: -
--

REVOKE ALL ON FUNCTION public.take_over_organization(organization_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.take_over_organization(organization_id uuid) TO authenticated;

--
-- Name: SEQUENCE embedding_job_revisions; Type: ACL; Schema: private; Owner: -
--

GRANT USAGE ON SEQUENCE private.embedding_job_revisions TO tidegate_worker;

--
-- Name: TABLE embedding_jobs; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT,DELETE ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.turn; Type: ACL; Schema: private; Owner: -
--

GRANT UPDATE(turn) ON TABLE private.embedding_jobs TO tidegate_worker;

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
-- Name: COLUMN embedding_jobs.tenant_id; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(tenant_id) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.is_short; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(is_short) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: COLUMN embedding_jobs.turn_ends; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(turn_ends),UPDATE(turn_ends) ON TABLE private.embedding_jobs TO tidegate_worker;

--
-- Name: TABLE embedding_models; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT ON TABLE private.embedding_models TO tidegate_worker;

--
-- Name: COLUMN staged_embeddings.source_id; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(source_id),INSERT(source_id) ON TABLE private.staged_embeddings TO tidegate_worker;

--
-- Name: COLUMN staged_embeddings.model_id; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(model_id),INSERT(model_id) ON TABLE private.staged_embeddings TO tidegate_worker;

--
-- Name: COLUMN staged_embeddings.input_hash; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(input_hash),INSERT(input_hash) ON TABLE private.staged_embeddings TO tidegate_worker;

--
-- Name: COLUMN staged_embeddings.embedding; Type: ACL; Schema: private; Owner: -
--

GRANT SELECT(embedding),INSERT(embedding) ON TABLE private.staged_embeddings TO tidegate_worker;

--
-- Name: TABLE categories; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.categories TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.categories TO service_role;

--
-- Name: COLUMN categories.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id),INSERT(id),UPDATE(id) ON TABLE public.categories TO authenticated;
GRANT SELECT(id) ON TABLE public.categories TO anon;

--
-- Name: COLUMN categories.slug; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(slug),INSERT(slug),UPDATE(slug) ON TABLE public.categories TO authenticated;
GRANT SELECT(slug) ON TABLE public.categories TO anon;

--
-- Name: COLUMN categories.name; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(name),INSERT(name),UPDATE(name) ON TABLE public.categories TO authenticated;
GRANT SELECT(name) ON TABLE public.categories TO anon;

--
-- Name: COLUMN categories.description; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(description),INSERT(description),UPDATE(description) ON TABLE public.categories TO authenticated;
GRANT SELECT(description) ON TABLE public.categories TO anon;

--
-- Name: COLUMN categories.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.categories TO anon;
GRANT SELECT(created_at) ON TABLE public.categories TO authenticated;

--
-- Name: COLUMN categories.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(updated_at) ON TABLE public.categories TO anon;
GRANT SELECT(updated_at) ON TABLE public.categories TO authenticated;

--
-- Name: TABLE chunk_embeddings; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunk_embeddings TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunk_embeddings TO tidegate_worker;

--
-- Name: COLUMN chunk_embeddings.chunk_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(chunk_id) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(chunk_id) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.model_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(model_id) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(model_id) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.source_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(source_id) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(source_id) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.scope_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(scope_id) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(scope_id) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.embedding; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(embedding) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(embedding) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.dimensions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(dimensions) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(dimensions) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.is_indexed; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(is_indexed) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(is_indexed) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: COLUMN chunk_embeddings.shard_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(shard_id) ON TABLE public.chunk_embeddings TO anon;
GRANT SELECT(shard_id) ON TABLE public.chunk_embeddings TO authenticated;

--
-- Name: TABLE chunks; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunks TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.chunks TO tidegate_worker;

--
-- Name: COLUMN chunks.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.chunks TO anon;
GRANT SELECT(id) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.document_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(document_id) ON TABLE public.chunks TO anon;
GRANT SELECT(document_id) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.product_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(product_id) ON TABLE public.chunks TO anon;
GRANT SELECT(product_id) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.source_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(source_id) ON TABLE public.chunks TO anon;
GRANT SELECT(source_id) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.scope_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(scope_id) ON TABLE public.chunks TO anon;
GRANT SELECT(scope_id) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks."position"; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT("position") ON TABLE public.chunks TO anon;
GRANT SELECT("position") ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.title; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(title) ON TABLE public.chunks TO anon;
GRANT SELECT(title) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.heading_path; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(heading_path) ON TABLE public.chunks TO anon;
GRANT SELECT(heading_path) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.content; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(content) ON TABLE public.chunks TO anon;
GRANT SELECT(content) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.start_offset; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(start_offset) ON TABLE public.chunks TO anon;
GRANT SELECT(start_offset) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.end_offset; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(end_offset) ON TABLE public.chunks TO anon;
GRANT SELECT(end_offset) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.token_count; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(token_count) ON TABLE public.chunks TO anon;
GRANT SELECT(token_count) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.language; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(language) ON TABLE public.chunks TO anon;
GRANT SELECT(language) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.input_hash; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(input_hash) ON TABLE public.chunks TO anon;
GRANT SELECT(input_hash) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.stemmer; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(stemmer) ON TABLE public.chunks TO anon;
GRANT SELECT(stemmer) ON TABLE public.chunks TO authenticated;

--
-- Name: COLUMN chunks.search_vector; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(search_vector) ON TABLE public.chunks TO anon;
GRANT SELECT(search_vector) ON TABLE public.chunks TO authenticated;

--
-- Name: TABLE currencies; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.currencies TO service_role;

--
-- Name: COLUMN currencies.code; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(code) ON TABLE public.currencies TO anon;
GRANT SELECT(code) ON TABLE public.currencies TO authenticated;

--
-- Name: COLUMN currencies.minor_digits; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(minor_digits) ON TABLE public.currencies TO anon;
GRANT SELECT(minor_digits) ON TABLE public.currencies TO authenticated;

--
-- Name: TABLE document_shares; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.document_shares TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.document_shares TO service_role;

--
-- Name: COLUMN document_shares.document_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(document_id) ON TABLE public.document_shares TO authenticated;

--
-- Name: COLUMN document_shares.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(user_id) ON TABLE public.document_shares TO authenticated;

--
-- Name: COLUMN document_shares.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.document_shares TO authenticated;

--
-- Name: TABLE interactions; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.interactions TO service_role;

--
-- Name: COLUMN interactions.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.interactions TO authenticated;

--
-- Name: COLUMN interactions.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(user_id) ON TABLE public.interactions TO authenticated;

--
-- Name: COLUMN interactions.product_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(product_id),INSERT(product_id) ON TABLE public.interactions TO authenticated;

--
-- Name: COLUMN interactions.kind; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(kind),INSERT(kind) ON TABLE public.interactions TO authenticated;

--
-- Name: COLUMN interactions.order_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(order_id) ON TABLE public.interactions TO authenticated;

--
-- Name: COLUMN interactions.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.interactions TO authenticated;

--
-- Name: TABLE memberships; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.memberships TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.memberships TO service_role;

--
-- Name: COLUMN memberships.organization_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(organization_id) ON TABLE public.memberships TO authenticated;

--
-- Name: COLUMN memberships.user_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(user_id) ON TABLE public.memberships TO authenticated;

--
-- Name: COLUMN memberships.role; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(role),UPDATE(role) ON TABLE public.memberships TO authenticated;

--
-- Name: COLUMN memberships.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.memberships TO authenticated;

--
-- Name: TABLE organizations; Type: ACL; Schema: public; Owner: -
--

GRANT DELETE ON TABLE public.organizations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.organizations TO service_role;

--
-- Name: COLUMN organizations.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.name; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(name),INSERT(name),UPDATE(name) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.slug; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(slug),INSERT(slug),UPDATE(slug) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.created_by; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_by) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(updated_at) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.may_publish; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(may_publish) ON TABLE public.organizations TO authenticated;

--
-- Name: COLUMN organizations.published_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(published_at) ON TABLE public.organizations TO authenticated;

--
-- Name: TABLE product_popularity; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.product_popularity TO service_role;

--
-- Name: COLUMN product_popularity.product_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(product_id) ON TABLE public.product_popularity TO anon;
GRANT SELECT(product_id) ON TABLE public.product_popularity TO authenticated;

--
-- Name: COLUMN product_popularity.scope_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(scope_id) ON TABLE public.product_popularity TO anon;
GRANT SELECT(scope_id) ON TABLE public.product_popularity TO authenticated;

--
-- Name: COLUMN product_popularity.category_id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(category_id) ON TABLE public.product_popularity TO anon;
GRANT SELECT(category_id) ON TABLE public.product_popularity TO authenticated;

--
-- Name: COLUMN product_popularity.score; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(score) ON TABLE public.product_popularity TO anon;
GRANT SELECT(score) ON TABLE public.product_popularity TO authenticated;

--
-- Name: TABLE profiles; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profiles TO service_role;

--
-- Name: COLUMN profiles.id; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(id) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.display_name; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(display_name),UPDATE(display_name) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.phone; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(phone),UPDATE(phone) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.created_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(created_at) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.updated_at; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(updated_at) ON TABLE public.profiles TO authenticated;

--
-- Name: COLUMN profiles.email; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT(email) ON TABLE public.profiles TO authenticated;

--
-- PostgreSQL database dump complete
--

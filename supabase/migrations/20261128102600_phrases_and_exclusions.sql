-- Phrases and exclusions: which sources have a phrase that must occur, or must not.
--
-- The rarest words of a phrase name chunks that may have it, and the words of these, in order, tell whether they do.
-- How many are looked at is bounded. Beyond the bound a search goes on with the part that is known, and looks at what
-- it has found for what is excluded.

create function private.phrase_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 2000 $$;
comment on function private.phrase_limit is
  'Chunks by each stemmer that a search looks at to find those that have its phrases, at about 15 microseconds each, '
  'and as many for what it excludes.';

create function private.phrase_postings(
  words text[], lone text[], stemmer text, scopes uuid[], chunks bigint, share double precision,
  out posting_ids bigint[], out is_complete boolean)
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  posting_limit constant bigint := ceil(share * private.posting_limit(chunks));
  row_limit constant integer := ceil(share * private.posting_row_limit());
  most constant integer := ceil(share * private.phrase_limit());
  counted private.query_term[];
  posting_rows bigint;
  rarest bigint;
  words_read integer;
begin
  -- The rarest words find the chunks, as many words as there is time for. Their text says whether they have the phrase.
  select array_agg(
           (phrase_postings.stemmer, c.word, c.word, 1, c.frequency, -c.frequency, 1, null)::private.query_term),
         min(c.frequency), count(*) filter (where c.read <= posting_limit or c.read = c.frequency)
  into counted, rarest, words_read
  from (
    select w.word, f.frequency, sum(f.frequency) over (order by f.frequency, w.word) as read
    from unnest(words) w (word)
    cross join lateral (
      select coalesce(sum(p.size), 0) as frequency from private.postings p
      where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = phrase_postings.stemmer) f) c;
  with read as materialized (
    select r.postings from unnest(private.posting_rows(coalesce(counted, '{}'), scopes, posting_limit, row_limit)) r
  ), having_words as (
    select p.posting_id
    from (select unnest(r.postings) >> 16 as posting_id from read r limit posting_limit) p
    group by p.posting_id having count(*) = words_read
  ), beginning_alike as (
    select w.posting_id
    from unnest(lone) l (lone)
    join private.posted_words w on w.word >= l.lone and w.word < l.lone || chr(1114111)
    where words = '{}' and w.scope_id = any (scopes) and w.stemmer = phrase_postings.stemmer
    limit posting_limit)
  select array(
           select u.posting_id
           from (select h.posting_id from having_words h union select b.posting_id from beginning_alike b) u
           order by u.posting_id desc limit most + 1),
         (select count(*) from read)
  into posting_ids, posting_rows;
  is_complete := coalesce(rarest <= posting_limit, true) and posting_rows < row_limit
    and cardinality(posting_ids) <= most;
  posting_ids := posting_ids[:most];
end $$;
comment on function private.phrase_postings is
  'The newest postings of chunks that may have a phrase of these words, or a word that begins with one of the lone '
  'characters; and whether these are all. chunks: how many the caller sees. share: how much of the bounds it has.';

create function private.chunks_with(texts text[], kinds text[], share double precision)
returns table (source_id uuid, chunk_id bigint)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  direct constant bigint[] := private.unposted_chunks(scopes, shares);
  chunks constant bigint := (private.search_extent(scopes, shares)).chunks;
  each constant double precision := share / greatest(1, (select count(*) from private.spellings(texts)));
begin
  return query
    with phrases as materialized (
      select w.*, case when cardinality(w.words) + cardinality(w.lone) > 0
                    then private.phrase_query(('pg_catalog.' || w.stemmer)::regconfig, w.text) end as match
      from (
        select s.name as stemmer, t.text, private.lone_characters(t.text) as lone,
               tsvector_to_array(to_tsvector(
                 ('pg_catalog.' || s.name)::regconfig, private.query_text(t.text))) as words
        from private.spellings(texts) t (text) cross join private.chunk_stemmers() s (name)) w
    ), posted as materialized (
      select h.match, h.words, b.posting_ids, b.is_complete
      from phrases h
      cross join lateral private.phrase_postings(h.words, h.lone, h.stemmer, scopes, chunks, each) b
    ), candidates as (
      -- For one word the posting is proof; for several their order must be checked.
      select m.chunk_id, case when cardinality(h.words) > 1 or numnode(h.match) > 1 then h.match end as match
      from posted h
      cross join lateral (select unnest(h.posting_ids) as posting_id) u
      join private.posted_chunks m using (posting_id)
      union all
      select d.id, h.match from unnest(direct) d (id) cross join phrases h where numnode(h.match) > 0)
    select c.source_id, c.id
    from candidates x
    cross join lateral (
      select k.source_id, k.id, k.search_vector from public.chunks k where k.id = x.chunk_id offset 0) c
    where x.match is null or c.search_vector @@ x.match
    union all
    select null, null where exists (select from posted h where not h.is_complete);
end $$;
comment on function private.chunks_with is
  'Chunks in the caller''s scopes that have one of the phrases; a last row of nulls where there may be more. Definer: '
  'reads the postings of the caller''s own scopes; search reads what this names under the policies again.';

create function private.products_numbered(texts text[], kinds text[]) returns setof uuid
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
begin
  return query
    select p.id
    from unnest(texts) t (text)
    join public.products p
      on upper(regexp_replace(p.sku, '[^[:alnum:]]', '', 'g')) collate "C" = private.sku_key(t.text)
    where p.scope_id = any (scopes);
end $$;
comment on function private.products_numbered is
  'Products in the caller''s scopes that have one of these as SKU. Definer: as chunks_with.';

create function private.sources_with(texts text[], kinds text[], share double precision) returns setof uuid
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select c.source_id from private.chunks_with(texts, kinds, share) c
    union
    select n.id from private.products_numbered(texts, kinds) n (id);
end $$;
comment on function private.sources_with is
  'Sources in the caller''s scopes that have one of the phrases in a chunk or as SKU. Definer: as chunks_with.';

create function private.sources_of_phrases(
  phrases text[], kinds text[], sources uuid[], share double precision) returns uuid[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  phrase text;
  having_it uuid[];
  are_all boolean := true;
begin
  foreach phrase in array phrases loop
    having_it := array(
      select private.sources_with(string_to_array(phrase, E'\n'), kinds, share / cardinality(phrases)));
    are_all := are_all and array_position(having_it, null) is null;
    sources := case when sources is null then array_remove(having_it, null)
      else array(select unnest(sources) intersect select unnest(array_remove(having_it, null))) end;
    exit when cardinality(sources) = 0;
  end loop;
  return case when are_all then sources else sources || null::uuid end;
end $$;
comment on function private.sources_of_phrases is
  'Those of the given sources (null: of all) that have every phrase. A null among them: there may be more. share: how '
  'much of the bounds the phrases have.';

create function private.excluded_sources(texts text[], kinds text[], share double precision) returns uuid[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- A minus at the beginning of a line may be a bullet.
  with_minus constant text := '(?:\w[ \t]+|[^\s\w-][ \t]*)-(?:'
    || (select string_agg(regexp_replace(t.text, '([^\w\s])', '\\\1', 'g'), '|') from unnest(texts) t (text))
    || ')(?!\w)';
begin
  if cardinality(texts) = 0 then
    return null;
  end if;
  return array(
    with found as materialized (
      select * from private.chunks_with(texts, kinds, share)
    ), kept as (
      select c.source_id
      from (select f.chunk_id from found f limit ceil(share * private.written_limit())) f
      join public.chunks c on c.id = f.chunk_id
      where concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content) ~* with_minus)
    (select f.source_id from found f union select n.id from private.products_numbered(texts, kinds) n (id))
    except select k.source_id from kept k);
end $$;
comment on function private.excluded_sources is
  'Sources that have one of the phrases, without those that have it with a minus as the query does: the page on '
  '"tar -xzf" is not excluded by it. Null when there are none of the phrases. Definer: as chunks_with.';

create function private.sources_having(candidates uuid[], texts text[]) returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  most constant integer := greatest(1, private.phrase_limit() / greatest(1, cardinality(candidates)));
begin
  return query
    with phrases as materialized (
      select s.name as stemmer, private.phrase_query(('pg_catalog.' || s.name)::regconfig, t.text) as match
      from private.spellings(texts) t (text) cross join private.chunk_stemmers() s (name)
    ), looked_at as materialized (
      select u.id, c.place, c.stemmer, c.search_vector
      from unnest(candidates) u (id)
      cross join lateral (
        select x.stemmer, x.search_vector, row_number() over () as place from public.chunks x
        where x.source_id = u.id limit most + 1) c
    )
    select l.id from looked_at l
    where l.place > most
       or exists (select from phrases h where h.stemmer = l.stemmer and l.search_vector @@ h.match);
end $$;
comment on function private.sources_having is
  'Those of these sources that have one of the phrases, or so many chunks that this cannot be told.';

create function private.without(matches private.chunk_match[], texts text[]) returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  having_it constant uuid[] := array(
    select private.sources_having(array(select m.source_id from unnest(matches) m), texts));
begin
  return array(
    select (m.source_id, m.chunk_id, m.score)::private.chunk_match
    from unnest(matches) with ordinality m (source_id, chunk_id, score, place)
    where not m.source_id = any (having_it) order by m.place);
end $$;
comment on function private.without is
  'These chunks without those of sources that have one of the phrases: for exclusions of which not all were found.';

grant execute on function
  private.phrase_limit, private.sources_with, private.sources_of_phrases, private.excluded_sources,
  private.sources_having, private.without
  to anon, authenticated, service_role;

create function private.title_key(title text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select btrim(regexp_replace(private.unaccented(private.folded(title)), '[^[:alnum:]+#&]+', ' ', 'g')) $$;
comment on function private.title_key is
  'A title as it is compared with a query: its words in lower case, without accents and punctuation.';

create function private.title_hash(title text) returns bigint
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select hashtextextended(private.title_key(title), 0) $$;
comment on function private.title_hash is 'A number for private.title_key, which may be too long for an index.';

grant execute on function private.title_key, private.title_hash
  to anon, authenticated, service_role, tidegate_worker;
create index documents_title_hash_idx on public.documents (private.title_hash(title), scope_id);
create index products_name_hash_idx on public.products (private.title_hash(name), scope_id);
-- As planner_statistics says of titles.
alter index public.documents_title_hash_idx alter column 1 set statistics 0;
alter index public.products_name_hash_idx alter column 1 set statistics 0;

create function private.name_stem(name text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select regexp_replace(name, '(.)\.[^.\s]{1,16}$', '\1') $$;
comment on function private.name_stem is 'The name of a file without its extension.';
grant execute on function private.name_stem to anon, authenticated, service_role;

create index document_files_name_hash_idx on public.document_files
  (private.title_hash(private.name_stem(name)), scope_id);
alter index public.document_files_name_hash_idx alter column 1 set statistics 0;

create type private.titled_source as (id uuid, file_id uuid);
comment on type private.titled_source is
  'A source with the title looked for, or the document of a file with this name.';

create function private.sources_titled(title text, kinds text[]) returns setof private.titled_source
language plpgsql stable security definer rows 1 set search_path = pg_catalog, pg_temp
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  shares constant uuid[] := private.search_shares(kinds);
  words constant text := private.title_key(left(title, 500));
  hash constant bigint := hashtextextended(words, 0);
  -- Of a file: as it is, and without the extension that it may end in.
  hashes constant bigint[] := array[hash, hashtextextended(regexp_replace(words, ' [^ ]{1,16}$', ''), 0)];
begin
  if coalesce(words, '') = '' then
    return;
  end if;
  return query
    (select d.id, null::uuid from public.documents d
     where private.title_hash(d.title) = hash and d.scope_id = any (scopes) and private.title_key(d.title) = words
     limit 100)
    union all
    (select d.id, null from unnest(shares) s (id) join public.documents d using (id)
     where private.title_key(d.title) = words)
    union all
    (select f.document_id, f.id from public.document_files f
     where private.title_hash(private.name_stem(f.name)) = any (hashes) and f.scope_id = any (scopes)
       and words in (private.title_key(f.name), private.title_key(private.name_stem(f.name)))
     limit 100)
    union all
    (select f.document_id, f.id from unnest(shares) s (id) join public.document_files f on f.document_id = s.id
     where words in (private.title_key(f.name), private.title_key(private.name_stem(f.name))) limit 100)
    union all
    (select p.id, null from public.products p
     where private.title_hash(p.name) = hash and p.scope_id = any (scopes) and private.title_key(p.name) = words
     limit 100);
end $$;
comment on function private.sources_titled is
  'Documents and products of the caller with this title, and documents with a file of this name, with its extension or '
  'without; case, accents, width and punctuation apart; at most 100 of each. Definer: an index on a function of a '
  'title is not used under row level security.';
grant execute on function private.sources_titled to anon, authenticated, service_role;

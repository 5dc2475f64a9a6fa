-- The word index: an inverted index kept in tables.
--
-- A GIN index on chunks.search_vector is not used under row level security (@@ is not leakproof), or is read for
-- everybody's chunks. Here the scope is part of the key. private.postings holds, for a word, scope and segment, an
-- array with one number per chunk: the chunk's posting number, how often it has the word, and its length. A chunk gets
-- a new posting number when its words or scope change, so blocks are written once, and stale numbers in them name
-- nothing.
--
-- New and changed chunks wait in private.chunks_to_post, where search reads their words directly, until the worker
-- posts them in segments. Segments are merged like those of a search engine: eight of a size make one of the next.
--
-- private.vocabulary holds words as written whose stem is another word (policies: polici), for prefix search.

create table private.posting_segments (
  id bigint primary key generated always as identity,
  scope_id uuid not null,
  chunks integer not null check (chunks > 0),
  size bigint not null default 0
);
create index posting_segments_scope_id_idx on private.posting_segments (scope_id);
alter table private.posting_segments enable row level security, force row level security;

comment on table private.posting_segments is
  'Groups of postings that were written at once, each of one scope. Small ones are merged.';
comment on column private.posting_segments.id is 'The segment.';
comment on column private.posting_segments.scope_id is 'Its scope.';
comment on column private.posting_segments.chunks is 'Chunks in it when it was written.';
comment on column private.posting_segments.size is 'What writing it cost; see private.size_of_segment().';

create policy "functions alone use it" on private.posting_segments for all to anon, authenticated using (false);

create table private.postings (
  scope_id uuid not null,
  word text collate "C" not null,
  stemmer text collate "C" not null,
  segment_id bigint not null references private.posting_segments (id) on delete cascade,
  size integer not null,
  postings bigint[] not null,
  primary key (segment_id, word, stemmer) include (size)
);
-- One scan of this index finds a word in all scopes (since PostgreSQL 17).
create index postings_word_idx on private.postings (word, stemmer, scope_id) include (size);
alter table private.postings enable row level security, force row level security;

comment on table private.postings is 'For each word, the chunks that have it: one block per scope and segment.';
comment on column private.postings.scope_id is 'The scope.';
comment on column private.postings.word is 'The word, stemmed.';
comment on column private.postings.stemmer is 'The stemmer.';
comment on column private.postings.segment_id is 'The segment.';
comment on column private.postings.size is 'Number of postings, readable without them.';
comment on column private.postings.postings is 'One number per chunk; see private.posting().';

create policy "functions alone use it" on private.postings for all to anon, authenticated using (false);

-- A stem may end before its word (organization: organ) or be spelled differently (policy: polici, München: munch). Any
-- other word is found by its stem, which is the word. Rows belong to a scope and a segment, like postings, so that what
-- a prefix stands for depends only on what the caller may read.
create table private.vocabulary (
  scope_id uuid not null,
  form text collate "C" not null,
  stemmer text collate "C" not null,
  stem text collate "C" not null,
  segment_id bigint not null references private.posting_segments (id) on delete cascade,
  primary key (scope_id, form, stemmer, stem, segment_id)
);
create index vocabulary_segment_id_idx on private.vocabulary (segment_id);
alter table private.vocabulary enable row level security, force row level security;

comment on table private.vocabulary is 'Words as written whose stem is another word.';
comment on column private.vocabulary.scope_id is 'The scope.';
comment on column private.vocabulary.form is 'The word as written, in lower case.';
comment on column private.vocabulary.stemmer is 'The stemmer.';
comment on column private.vocabulary.stem is 'Its stem: the word of postings.';
comment on column private.vocabulary.segment_id is 'The segment.';

create policy "functions alone use it" on private.vocabulary for all to anon, authenticated using (false);

create function private.posting(posting_id bigint, weights text[], tokens integer) returns bigint
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select posting_id * 65536
      + least(case when w.written > 0 then w.written else cardinality(weights) end, 31) * 2048
      -- As in a text of four times the length: about half as much.
      + least(case when w.written > 0 then tokens else 4 * tokens end, 2047)
  from (select coalesce(cardinality(array_remove(weights, 'C')), 1) as written) w
$$;
comment on function private.posting is
  'Packs a posting: a posting number, how often the chunk has the word (up to 31), and its tokens (up to 2,047), from '
  'the weights of the word there. Of a word that is only part of another (C), the tokens are more.';

create view private.posted_words with (security_invoker = true) as
select p.scope_id, p.word, p.stemmer, p.segment_id, p.posting, p.posting >> 16 as posting_id,
       ((p.posting >> 11) & 31)::double precision as times, (p.posting & 2047)::double precision as tokens
from (
  select w.scope_id, w.word, w.stemmer, w.segment_id, unnest(w.postings) as posting from private.postings w) p;
comment on view private.posted_words is
  'The postings, unpacked as private.posting packs them. A view, since the planner inlines it; a function that unpacks '
  'would cost more than reading does.';
comment on column private.posted_words.scope_id is 'The scope.';
comment on column private.posted_words.word is 'The word, stemmed.';
comment on column private.posted_words.stemmer is 'The stemmer.';
comment on column private.posted_words.segment_id is 'The segment.';
comment on column private.posted_words.posting is 'The posting, packed.';
comment on column private.posted_words.posting_id is 'Posting number of the chunk.';
comment on column private.posted_words.times is 'How often the chunk has the word.';
comment on column private.posted_words.tokens is 'Tokens of the chunk.';

create table private.posted_chunks (
  posting_id bigint primary key generated always as identity,
  chunk_id bigint not null unique references public.chunks (id) on delete cascade
);
alter table private.posted_chunks enable row level security, force row level security;

comment on table private.posted_chunks is 'Chunks whose words are in postings, by posting number.';
comment on column private.posted_chunks.posting_id is 'Posting number; a chunk that changes gets another one.';
comment on column private.posted_chunks.chunk_id is 'The chunk.';

create policy "functions alone use it" on private.posted_chunks for all to anon, authenticated using (false);

create table private.chunks_to_post (
  chunk_id bigint primary key references public.chunks (id) on delete cascade,
  scope_id uuid not null
);
create index chunks_to_post_scope_id_idx on private.chunks_to_post (scope_id);
alter table private.chunks_to_post enable row level security, force row level security;

comment on table private.chunks_to_post is 'Chunks whose words are not in postings yet.';
comment on column private.chunks_to_post.chunk_id is 'The chunk.';
comment on column private.chunks_to_post.scope_id is 'Its scope.';

create policy "functions alone use it" on private.chunks_to_post for all to anon, authenticated using (false);

create function private.word_forms(stemmer text, content text) returns table (form text, stem text)
language sql stable security invoker parallel safe rows 100 set search_path = pg_catalog, pg_temp
as $$
  -- Both configurations split a text alike and count stop words, so that equal positions are the same word.
  select distinct written.lexeme, stemmed.lexeme
  from concat_ws(E'\n', private.indexed_text(word_forms.content), private.other_forms(word_forms.content)) indexed
  cross join lateral unnest(to_tsvector('pg_catalog.simple', indexed)) written
  cross join lateral unnest(written.positions) written_at (place)
  join lateral (
    select s.lexeme, stemmed_at.place
    from unnest(to_tsvector(('pg_catalog.' || word_forms.stemmer)::regconfig, indexed)) s
    cross join lateral unnest(s.positions) stemmed_at (place)) stemmed on stemmed.place = written_at.place
  where not starts_with(stemmed.lexeme, written.lexeme)
$$;
comment on function private.word_forms is 'Words of a text that their stem does not begin with, and the stem.';

create function private.queue_chunks_to_post() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.chunks_to_post (chunk_id, scope_id) select n.id, n.scope_id from new_rows n;
    return null;
  end if;
  with changed as materialized (
    select n.id, n.scope_id
    from new_rows n join old_rows o using (id)
    where (n.scope_id, n.token_count, n.language, n.title, n.heading_path, n.content)
       is distinct from (o.scope_id, o.token_count, o.language, o.title, o.heading_path, o.content)
  ), given_up as (
    delete from private.posted_chunks p using changed c where p.chunk_id = c.id)
  insert into private.chunks_to_post as w (chunk_id, scope_id)
  select c.id, c.scope_id from changed c
  on conflict (chunk_id) do update set scope_id = excluded.scope_id where w.scope_id <> excluded.scope_id;
  return null;
end $$;
comment on function private.queue_chunks_to_post is
  'Statement trigger on chunks: queues new ones, and those with other words or another scope, which give up their '
  'posting number. Definer: writes the word index.';

create trigger post_new_chunks after insert on public.chunks
  referencing new table as new_rows for each statement execute function private.queue_chunks_to_post();
create trigger post_changed_chunks after update on public.chunks
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.queue_chunks_to_post();

create function private.size_of_segment(segment bigint) returns bigint
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$ select coalesce(sum(16 + p.size), 0) from private.postings p where p.segment_id = segment $$;
comment on function private.size_of_segment is
  'What writing a segment costs: one for each posting, and 16 for each row of them, which is one for each word.';

create function private.post_chunks_of(scope uuid, waiting bigint[], until timestamptz) returns integer
language plpgsql security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  most_bytes constant integer := 250000; -- of stems: some 100 usual chunks, or five that are all runs without spaces
  slice_size constant integer := 4;
  slice bigint[];
  posted bigint[] := '{}';
  bytes bigint := 0;
  segment bigint;
begin
  insert into private.posting_segments (scope_id, chunks) values (scope, 1) returning id into segment;
  for place in 1 .. cardinality(waiting) by slice_size loop
    exit when place > 1 and (clock_timestamp() > until or bytes > most_bytes);
    -- Locked, so that a concurrent change waits, and then finds the posting number that it has to give up.
    slice := array(
      select c.id from public.chunks c
      where c.scope_id = scope and c.id = any (array(
        select w.chunk_id from private.chunks_to_post w
        where w.chunk_id = any (waiting[place:place + slice_size - 1]) for update skip locked))
      for no key update skip locked);
    insert into private.vocabulary (scope_id, form, stemmer, stem, segment_id)
    select distinct scope, f.form, c.stemmer, f.stem, segment
    from public.chunks c
    cross join lateral private.word_forms(
      c.stemmer, concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content)) f
    where c.id = any (slice) and c.stemmer <> 'simple'
    on conflict do nothing;
    bytes := bytes + (
      select coalesce(sum(pg_column_size(c.search_vector)), 0) from public.chunks c where c.id = any (slice));
    posted := posted || slice;
  end loop;
  if posted = '{}' then
    delete from private.posting_segments s where s.id = segment;
    return 0;
  end if;
  delete from private.chunks_to_post w where w.chunk_id = any (posted);
  insert into private.posted_chunks (chunk_id) select t.id from unnest(posted) t (id);
  insert into private.postings (scope_id, word, stemmer, segment_id, size, postings)
  select scope, v.lexeme, c.stemmer, segment, count(*), array_agg(
           private.posting(p.posting_id, v.weights, c.token_count) order by p.posting_id)
  from public.chunks c
  join private.posted_chunks p on p.chunk_id = c.id
  cross join lateral unnest(c.search_vector) v
  where c.id = any (posted)
  group by v.lexeme, c.stemmer;
  update private.posting_segments s set chunks = cardinality(posted), size = private.size_of_segment(segment)
  where s.id = segment;
  return cardinality(posted);
end $$;
comment on function private.post_chunks_of is
  'Posts waiting chunks of one scope as a segment, until then or until they have much to post, four at least; returns '
  'how many.';

create function private.post_chunks(max_rows integer, tolerated integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- What a chunk costs lies in its text, so that rows are no bound.
  until constant timestamptz := clock_timestamp() + interval '0.25 s';
  posted integer := 0;
  scope record;
begin
  if not exists (select from private.chunks_to_post w offset tolerated limit 1) then
    return 0;
  end if;
  for scope in
    select w.scope_id as id, array_agg(w.chunk_id order by w.chunk_id) as chunks
    from (select * from private.chunks_to_post order by scope_id limit max_rows) w group by w.scope_id
  loop
    posted := posted + private.post_chunks_of(scope.id, scope.chunks, until);
    exit when clock_timestamp() > until;
  end loop;
  return posted;
end $$;
comment on function private.post_chunks is
  'Posts up to max_rows chunks when more than tolerated wait, for about a quarter of a second, and returns how many. '
  'Definer: the worker sees only what has a job, and these have none.';
grant execute on function private.post_chunks to tidegate_worker;

create function private.segments_to_merge(out scope_id uuid, out ids bigint[])
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select s.scope_id, (array_agg(s.id order by s.id))[:8] from private.posting_segments s
  where s.chunks < 32768 and s.size < 1250000
  group by s.scope_id, floor(log(8, s.chunks)) having count(*) >= 8
  union all
  -- Each time the oldest of a scope, as many as a merge may take: what is written again is the newest.
  select b.scope_id, (array_agg(b.id order by b.id) filter (where b.size_before < 10000000))[:8]
  from (
    select s.*, sum(s.size) over (partition by s.scope_id order by s.id) - s.size as size_before
    from private.posting_segments s) b
  group by b.scope_id
  having sum(b.chunks) > 1.25 * (
    select coalesce(sum(c.chunks), 0) from private.chunk_counts c where c.scope_id = b.scope_id)
  limit 1
$$;
comment on function private.segments_to_merge is
  'Segments of one scope. Eight of a size make one of the next, up to a limit, so that a posting is rewritten once per '
  'power of eight and a merge ends soon. A scope of which a fifth is stale is rewritten too, so that a deleted text '
  'soon leaves no words behind.';

create function private.merge_postings() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  merged record;
  segment bigint;
  live integer;
begin
  select m.* into merged from private.segments_to_merge() m;
  if merged.ids is null then
    return false;
  end if;
  perform from private.posting_segments s where s.id = any (merged.ids) order by s.id for update;
  insert into private.posting_segments (scope_id, chunks) values (merged.scope_id, 1) returning id into segment;
  insert into private.postings (scope_id, word, stemmer, segment_id, size, postings)
  select merged.scope_id, w.word, w.stemmer, segment, count(*), array_agg(w.posting order by w.posting)
  from private.posted_words w
  where w.segment_id = any (merged.ids)
    and exists (select from private.posted_chunks x where x.posting_id = w.posting_id)
  group by w.word, w.stemmer;
  -- A form is dropped with the last chunk that has its stem.
  insert into private.vocabulary (scope_id, form, stemmer, stem, segment_id)
  select distinct merged.scope_id, v.form, v.stemmer, v.stem, segment
  from private.vocabulary v
  join private.postings p
    on p.scope_id = merged.scope_id and p.word = v.stem and p.stemmer = v.stemmer and p.segment_id = segment
  where v.segment_id = any (merged.ids);
  delete from private.posting_segments s where s.id = any (merged.ids);
  select count(distinct w.posting_id) into live from private.posted_words w where w.segment_id = segment;
  update private.posting_segments s set chunks = live, size = private.size_of_segment(segment)
  where s.id = segment and live > 0;
  delete from private.posting_segments s where s.id = segment and live = 0;
  return true;
end $$;
comment on function private.merge_postings is
  'Merges segments of one scope, without stale postings; returns whether any. Definer: as post_chunks.';
grant execute on function private.merge_postings to tidegate_worker;

create function private.unposted_chunks(scopes uuid[], shares uuid[]) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select w.chunk_id from private.chunks_to_post w where w.scope_id = any (scopes)
    union
    select c.id from public.chunks c where c.source_id = any (shares) and not c.scope_id = any (scopes));
end $$;
comment on function private.unposted_chunks is
  'Chunks whose words search reads directly: those that are not posted yet, and those of shared documents, whose '
  'postings are in a scope that is not the caller''s. Definer: called by the functions of search.';

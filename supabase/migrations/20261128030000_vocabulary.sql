-- Purpose: a prefix (`organiz*`) finds words as they are written, by a vocabulary kept with the postings. The list of 129
-- word endings, from which the stems of a prefix were guessed, is no longer needed.
-- Undo: create private.plain_letters, beginnings, counted_words, words_to_mark, post_passages and merge_postings as they were
-- before; drop table private.vocabulary, function private.word_forms(text, text).
-- squawk-ignore-file ban-drop-function
set local lock_timeout = '10s';
set local statement_timeout = '10min';

-- A stem may end before its word does (organization: organ) or be spelled differently (policy: polici, München: munch). Only
-- such words are kept here: any other is found by its stem, which is the word. Rows belong to a scope and a segment, like
-- postings: what a prefix stands for depends on what the caller may read, and on nothing else.
create table private.vocabulary (
  scope_id uuid not null,
  form text collate "C" not null,
  stemmer text collate "C" not null,
  stem text collate "C" not null,
  segment_id bigint not null references private.posting_segments (id) on delete cascade,
  primary key (scope_id, form, stemmer, stem, segment_id)
);
create index vocabulary_segment_id_idx on private.vocabulary (segment_id);
alter table private.vocabulary enable row level security;
alter table private.vocabulary force row level security;
create policy "functions alone use it" on private.vocabulary for all to anon, authenticated using (false);
comment on table private.vocabulary is 'Words as written whose stem is another word, for prefix search.';
comment on column private.vocabulary.scope_id is 'The scope whose chunks have the word.';
comment on column private.vocabulary.form is 'The word as written, in lower case.';
comment on column private.vocabulary.stemmer is 'The stemmer.';
comment on column private.vocabulary.stem is 'What the stemmer makes of it: the word of postings.';
comment on column private.vocabulary.segment_id is 'The segment.';

create function private.word_forms(stemmer text, content text) returns table (form text, stem text)
language sql stable security invoker parallel safe rows 100 set search_path = pg_catalog, pg_temp
as $$
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
comment on function private.word_forms(text, text) is 'Words of a text whose stem does not begin with them, and the stem.';
revoke execute on function private.word_forms(text, text) from public;

create or replace function private.post_passages(max_rows integer, tolerated integer) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
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

create or replace function private.merge_postings() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
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

-- Of chunks whose words are read one by one, the text tells which of its words begin so.
create function private.prefix_stems(prefixes text[], scopes uuid[], direct bigint[])
returns table (prefix text, stemmer text, stem text)
language sql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
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
comment on function private.prefix_stems(text[], uuid[], bigint[]) is
  'Stems that do not begin with a prefix, of words that do and of the prefix as a word. Definer: as counted_words, which alone asks it.';
revoke execute on function private.prefix_stems(text[], uuid[], bigint[]) from public;

create or replace function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
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
        where p.scope_id = any (scopes) and p.word >= b.prefix and p.word < b.prefix || chr(1114111)
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
             where c.id = any (direct) and c.stemmer = w.stemmer and c.search_vector @@ private.word_query(w.word)) end),
           null::double precision, null::double precision
    from words w left join waiting g on g.stemmer = w.stemmer and g.word = w.word;
end $$;

create or replace function private.words_to_mark(parsed private.parsed_query) returns private.marked_word[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(parsed.prefixes) = 0 then
    return array(
      select (w.stemmer, private.word_query(w.word))::private.marked_word from private.query_words(parsed.words) w);
  end if;
  return array(
    select (t.stemmer, private.word_query(t.word))::private.marked_word
    from unnest(private.query_terms(parsed, '{documents,products}')) t);
end $$;
comment on function private.words_to_mark(private.parsed_query) is
  'The query''s stems and those of its prefixes for snippets, where no word is weighed.';

drop function private.beginnings(text);
drop function private.plain_letters(text);

-- What was posted before.
insert into private.vocabulary (scope_id, form, stemmer, stem, segment_id)
select distinct c.scope_id, f.form, c.stemmer, f.stem, s.segment_id
from public.chunks c
join private.posted_passages p on p.chunk_id = c.id
join (select s.scope_id, min(s.id) as segment_id from private.posting_segments s group by s.scope_id) s using (scope_id)
cross join lateral private.word_forms(c.stemmer, concat_ws(E'\n', c.title, array_to_string(c.heading_path, E'\n'), c.content)) f
where c.stemmer <> 'simple';

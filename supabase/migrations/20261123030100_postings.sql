-- Purpose: which passages have a word, kept by audience, so that a search by words costs what the caller may see.
-- Undo: drop the three post_… triggers on public.chunks, the functions below, the four tables; create the dropped index again.
-- A dropped index is gone in an instant, and migrations run in a transaction.
-- squawk-ignore-file require-concurrent-index-deletion
set local lock_timeout = '10s';
set local statement_timeout = '10min';

-- A word index under row level security is either not used (@@ is not leakproof) or read for everybody's passages. Here
-- the audience comes first in the key. A posting names a passage by a number that is given up when its words or its
-- audience change: blocks are written once, and what is out of date in them names nothing any more. Passages that came
-- or changed wait in passages_to_post, where search reads their words directly; the worker gathers them into blocks.
create table private.posted_passages (
  posting_id bigint primary key generated always as identity,
  chunk_id bigint not null unique references public.chunks (id) on delete cascade
);
alter table private.posted_passages enable row level security;
alter table private.posted_passages force row level security;
create policy "functions alone use it" on private.posted_passages for all to anon, authenticated using (false);
comment on table private.posted_passages is 'Passages whose words stand in postings, by the number that they have there.';
comment on column private.posted_passages.posting_id is 'The number; a passage that changes gets another one.';
comment on column private.posted_passages.chunk_id is 'The passage.';

create table private.passages_to_post (
  chunk_id bigint primary key references public.chunks (id) on delete cascade,
  scope_id uuid not null
);
create index passages_to_post_scope_id_idx on private.passages_to_post (scope_id);
alter table private.passages_to_post enable row level security;
alter table private.passages_to_post force row level security;
create policy "functions alone use it" on private.passages_to_post for all to anon, authenticated using (false);
comment on table private.passages_to_post is 'Passages whose words do not stand in postings yet.';
comment on column private.passages_to_post.chunk_id is 'The passage.';
comment on column private.passages_to_post.scope_id is 'Its audience.';

create table private.posting_segments (
  id bigint primary key generated always as identity,
  scope_id uuid not null,
  passages integer not null check (passages > 0)
);
create index posting_segments_scope_id_idx on private.posting_segments (scope_id);
alter table private.posting_segments enable row level security;
alter table private.posting_segments force row level security;
create policy "functions alone use it" on private.posting_segments for all to anon, authenticated using (false);
comment on table private.posting_segments is 'What was gathered at once: postings of one audience. Small ones are merged.';
comment on column private.posting_segments.id is 'The segment.';
comment on column private.posting_segments.scope_id is 'Its audience.';
comment on column private.posting_segments.passages is 'Passages in it when it was written.';

create table private.postings (
  scope_id uuid not null,
  word text collate "C" not null,
  stemmer text collate "C" not null,
  segment_id bigint not null references private.posting_segments (id) on delete cascade,
  size integer not null,
  postings bigint[] not null,
  primary key (scope_id, word, stemmer, segment_id) include (size)
);
create index postings_segment_id_idx on private.postings (segment_id);
alter table private.postings enable row level security;
alter table private.postings force row level security;
create policy "functions alone use it" on private.postings for all to anon, authenticated using (false);
comment on table private.postings is 'For a word, the passages that have it: a block for each audience and segment.';
comment on column private.postings.scope_id is 'The audience.';
comment on column private.postings.word is 'The word, as its stemmer leaves it.';
comment on column private.postings.stemmer is 'The stemmer.';
comment on column private.postings.segment_id is 'The segment.';
comment on column private.postings.size is 'How many postings: read without reading them.';
comment on column private.postings.postings is
  'Each passage as one number: its own of posted_passages times 65,536, plus how often it has the word (up to 31) times '
  '2,048, plus its tokens (up to 2,047).';

-- Noting what came and what changed ----------------------------------------------------------------------------

create function private.post_new_passages() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.passages_to_post (chunk_id, scope_id) select n.id, n.scope_id from new_rows n;
  return null;
end $$;
comment on function private.post_new_passages() is 'Statement trigger on chunks. Definer: nobody else writes the postings.';

create function private.post_changed_passages() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
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
comment on function private.post_changed_passages() is
  'Statement trigger on chunks: other words or another audience, another number. Definer: as post_new_passages.';

lock table public.chunks in share row exclusive mode;
create trigger post_new_passages after insert on public.chunks
  referencing new table as new_rows for each statement execute function private.post_new_passages();
create trigger post_changed_passages after update on public.chunks
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.post_changed_passages();
insert into private.passages_to_post (chunk_id, scope_id) select c.id, c.scope_id from public.chunks c;

-- Gathering ----------------------------------------------------------------------------------------------------

create function private.post_passages(max_rows integer, tolerated integer) returns integer
language plpgsql volatile security definer set search_path = ''
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
  end loop;
  return cardinality(taken);
end $$;
comment on function private.post_passages(integer, integer) is
  'Gathers the words of up to max_rows passages into blocks when more than tolerated wait, and says of how many. Definer: '
  'the worker sees only what has a job, and these have none.';

create function private.merge_postings() returns boolean
language plpgsql volatile security definer set search_path = ''
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
  delete from private.posting_segments s where s.id = any (merged.ids);
  select count(distinct u.posting >> 16) into live
  from private.postings p cross join lateral unnest(p.postings) u (posting) where p.segment_id = segment;
  update private.posting_segments s set passages = live where s.id = segment and live > 0;
  delete from private.posting_segments s where s.id = segment and live = 0;
  return true;
end $$;
comment on function private.merge_postings() is
  'Merges segments of one audience, leaving out what names nothing any more; whether there were any. Definer: as '
  'post_passages.';
grant execute on function private.post_passages(integer, integer), private.merge_postings() to tidegate_worker;

-- Its place is taken; nothing else reads it.
drop index public.chunks_search_vector_idx;

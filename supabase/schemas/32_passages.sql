-- What a result shows of its source: passages, their highlights, and the snippet of the first.
--
-- A passage is a chunk as an answer shows it. Its content is the text of the chunk, unchanged, and a snippet is a piece
-- of that, unchanged. So every offset holds: start and end in the text of the source or its file, highlights in
-- the content or in the snippet. While a changed text waits to be cut again, its chunks are of the old one: start and
-- end of those that do not stand there any more are null. Offsets count characters (Unicode code points) from 0, as
-- PostgreSQL and Python do.
--
-- The first passage is the chunk that ranked its source. Further ones are chosen among the chunks around it.

create type private.snippet as (text text, highlights integer[]);
comment on type private.snippet is
  'A piece of a chunk, and where the query''s words are in it: pairs of first character, from 0, and end.';

create type private.marked_word as (stemmer text, match tsquery);
comment on type private.marked_word is 'What is highlighted in chunks with this stemmer.';

create type public.search_neighbour as (
  chunk_id bigint, content text, heading_path text[], page integer, "start" integer, "end" integer);
comment on type public.search_neighbour is
  'The chunk before or after a passage in the same text. start, end: null when it does not stand there any more.';

create type public.search_passage as (
  chunk_id bigint, content text, context text, heading_path text[], file_id uuid, file_name text, page integer,
  "start" integer, "end" integer, score double precision, highlights integer[], before public.search_neighbour,
  after public.search_neighbour);
comment on type public.search_passage is
  'A chunk that a search found: its text, from start to before end in the text of its source or file (null when that '
  'has changed and the chunk does not stand there any more), and where the query''s words are in it. context: lines '
  'from further up that it needs, such as the header of its table. file_id, '
  'file_name: of a chunk of a file. page: of a file that has pages. before, after: where neighbours were asked for.';

create type public.search_result as (
  kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[],
  score double precision, metadata jsonb, owner jsonb, passages public.search_passage[], content text,
  unread_by_model text);
comment on type public.search_result is
  'A document or product with its passages, of which the first has the snippet, the highlights in it and the heading '
  'path. owner: {kind: organization or person, id, name} of a document. content: the whole text, where asked for. '
  'unread_by_model: as of the document.';

create type public.search_correction as (typed text, read_as text);
comment on type public.search_correction is 'A word of a query that no text has, and the one that was looked for.';

create type public.search_answer as (
  results public.search_result[], complete boolean, syntax text, corrections public.search_correction[], more boolean);
comment on type public.search_answer is
  'What public.search found, best first. complete: whether it is all there is, or as much as was asked for. syntax: '
  'how the query was read: operators, or plain where it has none or these gave way. corrections: words that were taken '
  'for misspelt ones. more: whether there are further results, or may be.';

create function private.snippet(content text, highlights integer[]) returns private.snippet
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  longest constant integer := 320;
  total constant integer := char_length(content);
  words constant integer := coalesce(array_length(highlights, 1), 0);
  cut private.snippet := (content, highlights);
  best integer := 0;
  reached integer := 0;
  first integer := coalesce(highlights[1][1], 0);
  final integer := coalesce(highlights[1][1], 0);
  opening integer;
  ending integer;
begin
  if total <= longest then
    return cut;
  end if;
  -- The piece with the most highlights, with room for what stands around them.
  for word in 1..words loop
    while reached < words and highlights[reached + 1][2] <= highlights[word][1] + longest - 120 loop
      reached := reached + 1;
    end loop;
    if reached - word + 1 > best then
      best := reached - word + 1;
      first := highlights[word][1];
      final := highlights[reached][2];
    end if;
  end loop;
  ending := least(total, greatest(0, first - (longest - (final - first)) / 3) + longest);
  opening := ending - longest;
  -- From the beginning of a line or sentence, else of a word; to the end of one.
  if opening > 0 then
    cut.text := substr(content, opening, first - opening + 1);
    opening := opening - 2 + coalesce(
      nullif(regexp_instr(cut.text, '\n\s*|[.!?]\s+|[。！？]', 1, 1, 1), 0),
      nullif(regexp_instr(cut.text, '\s+', 1, 1, 1), 0), 2);
  end if;
  if ending < total then
    cut.text := substr(content, final + 1, ending - final + 1);
    ending := coalesce(
      final + char_length(coalesce(
        substring(cut.text from '^.*(?:[.!?](?=\s)|[。！？]|\S(?=\n))'), substring(cut.text from '^.*\S(?=\s)'))),
      ending);
  end if;
  cut := (substr(content, opening + 1, ending - opening), '{}');
  for word in 1..words loop
    if highlights[word][1] >= opening and highlights[word][2] <= ending then
      cut.highlights := cut.highlights
        || array[array[highlights[word][1] - opening, highlights[word][2] - opening]];
    end if;
  end loop;
  return cut;
end $$;
comment on function private.snippet is
  'A piece of a chunk''s content, unchanged and of at most 320 characters, around the most highlights, else its start.';

create function private.mark(term private.query_term) returns private.marked_word
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  -- A character alone stands for pairs, but is what was asked for.
  select (term.stemmer, private.word_query(
    case when term.original like '%*' and private.marked_runs(term.original) is not null
      then rtrim(term.original, '*') else term.word end))::private.marked_word
$$;
comment on function private.mark is 'What is highlighted for a stem of a query.';

create function private.words_to_mark(parsed private.parsed_query) returns private.marked_word[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if cardinality(parsed.prefixes) = 0 then
    return array(
      select (w.stemmer, private.word_query(w.word))::private.marked_word from private.query_words(parsed.words) w);
  end if;
  return array(
    select distinct private.mark(t) from unnest(private.query_terms(parsed, '{documents,products}')) t);
end $$;
comment on function private.words_to_mark is
  'The stems of a query and of its prefixes, for snippets of a search by meaning alone.';

create function private.owners_of(document_ids uuid[]) returns table (document_id uuid, owner jsonb)
language plpgsql stable security definer rows 10 set search_path = pg_catalog, pg_temp
as $$
declare
  caller constant uuid := auth.uid();
begin
  return query
    select d.id, case
      when d.organization_id is not null and d.visibility <> 'private' then jsonb_build_object(
        'kind', 'organization', 'id', d.organization_id, 'name', o.name, 'handle', o.slug)
      when d.owner_id is not null then jsonb_build_object(
        'kind', 'person', 'id', d.owner_id, 'name', coalesce(p.display_name, p.email), 'handle', p.email)
    end
    from public.documents d
    left join public.organizations o on o.id = d.organization_id
    left join public.profiles p on p.id = d.owner_id
    where d.id = any (document_ids)
      -- As the policies of documents, looked up for these few rows.
      and (d.visibility = 'private' and d.owner_id = caller
           or d.visibility = 'public' and (d.organization_id is null or o.may_publish)
           or d.visibility <> 'private' and exists (
             select from public.memberships m where m.organization_id = d.organization_id and m.user_id = caller)
           or exists (select from public.document_shares s where s.document_id = d.id and s.user_id = caller));
end $$;
comment on function private.owners_of is
  'The owners of those documents that the caller may read: the organization, or the person by display name or e-mail '
  'address; and the slug or address as its handle, since anybody may take the name of another. Definer: readers of a '
  'published or shared document may read neither.';

create function private.check_passages(passages_per_result integer, include text[]) returns void
language plpgsql immutable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if passages_per_result not between 1 and 10 or passages_per_result is null then
    raise exception 'passages_per_result % is not between 1 and 10', passages_per_result
      using errcode = 'invalid_parameter_value';
  end if;
  if not include <@ array['content', 'neighbours'] or include is null then
    raise exception 'include % may only name content and neighbours', include
      using errcode = 'invalid_parameter_value';
  end if;
end $$;
comment on function private.check_passages is 'Raises an error for what public.search does not accept about passages.';

create function private.passage_limit() returns integer
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select 2000 $$;
comment on function private.passage_limit is
  'Chunks among which the further passages of one answer are chosen, at about 15 microseconds each. Its results share '
  'them.';

create function private.chunk_scores(
  chunk_ids bigint[], terms private.query_term[], kinds text[], query_embedding extensions.halfvec, model smallint,
  semantic_weight double precision)
returns table (source_id uuid, chunk_id bigint, cosine double precision, bm25 double precision, score double precision)
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    select p.source_id, p.chunk_id, sum(p.cosine), sum(p.bm25),
           semantic_weight * coalesce(sum(p.cosine), 0) + (1 - semantic_weight) * coalesce(sum(p.bm25), 0)
    from (
      select e.source_id, e.chunk_id, 1 - (e.embedding operator(extensions.<=>) query_embedding) as cosine,
             null::double precision as bm25
      from unnest(chunk_ids) n (id)
      cross join lateral (
        select x.* from public.chunk_embeddings x where x.chunk_id = n.id and x.model_id = model offset 0) e
      where semantic_weight > 0
      union all
      select w.source_id, w.chunk_id, null, w.score from private.word_scores(terms, kinds, chunk_ids) w) p
    group by p.source_id, p.chunk_id;
end $$;
comment on function private.chunk_scores is
  'Cosine and BM25 of these chunks, and both weighed together; null where a chunk has no vector or none of the words.';

create function private.further_passages(
  top private.chunk_match[], terms private.query_term[], kinds text[], query_embedding extensions.halfvec,
  model smallint, semantic_weight double precision, passages integer)
returns private.chunk_match[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  share integer;
  near bigint[];
begin
  if passages < 1 then
    return '{}';
  end if;
  share := private.passage_limit() / greatest(cardinality(top), 1);
  near := array(
    select n.id
    from unnest(top) t
    cross join lateral (select x.position from public.chunks x where x.id = t.chunk_id offset 0) b
    cross join lateral (
      select c.id from public.chunks c
      where c.source_id = t.source_id and c.position >= b.position - share / 2
      order by c.position limit share) n
    where n.id <> t.chunk_id);
  return array(
    select (r.source_id, r.chunk_id, r.score)::private.chunk_match
    from (
      select s.*, row_number() over (partition by s.source_id order by s.score desc, s.chunk_id) as place
      from private.chunk_scores(near, terms, kinds, query_embedding, model, semantic_weight) s
      where s.score > 0) r
    where r.place <= passages);
end $$;
comment on function private.further_passages is
  'For each source of top, the best of the other chunks around its best one: cosine and BM25 weighed together.';

create function private.neighbour(source uuid, file uuid, place integer) returns public.search_neighbour
language sql stable security invoker set search_path = pg_catalog, pg_temp
as $$
  select c.id, c.content, c.heading_path, c.page, c.start_offset, c.end_offset
  from public.chunks c where c.source_id = source and c.position = place and c.file_id is not distinct from file
$$;
comment on function private.neighbour is
  'The chunk at this position of a source; null when there is none or it is of another file.';

create function private.passages_of(
  top private.chunk_match[], further private.chunk_match[], marks private.marked_word[], include text[])
returns table (source_id uuid, passages public.search_passage[])
language plpgsql stable security invoker rows 10 set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  wants_neighbours constant boolean := 'neighbours' = any (include);
begin
  return query
    with any_words as materialized (
      select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
      from unnest(marks) q group by q.stemmer
    ), matches as (
      select t.*, 1 as place from unnest(top) t
      union all
      select f.*, 2 from unnest(further) f)
    select c.source_id, array_agg((
             c.id, c.content, c.context, c.heading_path, c.file_id,
             case when c.file_id is not null
               then (select f.name from public.document_files f where f.id = c.file_id) end,
             c.page, c.start_offset, c.end_offset, m.score, private.highlights(c.content, c.stemmer, w.any_word),
             case when wants_neighbours then private.neighbour(c.source_id, c.file_id, c.position - 1) end,
             case when wants_neighbours then private.neighbour(c.source_id, c.file_id, c.position + 1) end
             )::public.search_passage order by m.place, m.score desc, c.id)
    from matches m
    -- One by one: the planner, which does not know how few they are, would read all chunks of the caller's scopes.
    cross join lateral (select x.* from public.chunks x where x.id = m.chunk_id offset 0) c
    left join any_words w on w.stemmer = c.stemmer
    group by c.source_id;
end $$;
comment on function private.passages_of is 'The passages of each source as an answer shows them, its best chunk first.';

create function private.stands_at(whole text, opening integer, content text) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select content is null or coalesce(substr(whole, opening + 1, char_length(content)) = content, false)
$$;
comment on function private.stands_at is 'Whether a chunk''s content, if there is one, is in its text from opening on.';

create function private.in_place(passages public.search_passage[], own_text varchar) returns public.search_passage[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  longest constant integer := 262144;
  passage public.search_passage;
  files uuid[];
  texts text[];
  whole text;
begin
  -- Appending to a long text unpacks it once, for all its passages.
  own_text := case when octet_length(own_text) <= longest then own_text || '' end;
  for place in 1..cardinality(passages) loop
    passage := passages[place];
    if passage.file_id is not null and files is null then
      select coalesce(array_agg(t.file_id), '{}'), array_agg(t.content || '') into files, texts
      from public.file_texts t
      where t.file_id = any (array(select p.file_id from unnest(passages) p)) and octet_length(t.content) <= longest;
    end if;
    whole := case
      when passage.file_id is null then own_text else texts[array_position(files, passage.file_id)] end;
    if not private.stands_at(whole, passage."start", passage.content) then
      passage."start" := null;
      passage."end" := null;
    end if;
    if not private.stands_at(whole, (passage.before)."start", (passage.before).content) then
      passage.before."start" := null;
      passage.before."end" := null;
    end if;
    if not private.stands_at(whole, (passage.after)."start", (passage.after).content) then
      passage.after."start" := null;
      passage.after."end" := null;
    end if;
    passages[place] := passage;
  end loop;
  return passages;
end $$;
comment on function private.in_place is
  'The passages of a source whose text may have changed since it was cut, without the offsets of those that do not '
  'stand there any more. Texts above 262,144 bytes are not looked at: their passages lose their offsets meanwhile.';

grant execute on function
  private.stands_at, private.in_place, private.snippet, private.mark, private.words_to_mark, private.owners_of,
  private.check_passages, private.passage_limit, private.neighbour, private.chunk_scores, private.further_passages,
  private.passages_of
  to anon, authenticated, service_role;

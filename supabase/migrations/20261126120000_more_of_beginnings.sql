-- Purpose: a beginning finds words whose stem ends before it (organiza*, informaci*, möglichk*) in more languages, of which
-- only some accents are removed, and article numbers; where its most frequent words are filtered away, more are looked for;
-- no query costs seconds by one long word; words are found where no embedding model is active; up to a hundred article
-- numbers with one beginning are found.
-- squawk-ignore-file ban-drop-function
-- Undo: create parse_query of 20261123030200, query_words of 20261123030200, article_matches, keyword_matches of
-- 20261126020100, beginnings, counted_words and public.search of 20261126020000 again; drop attribute per_beginning of
-- private.parsed_query and function private.plain_letters(text).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter type private.parsed_query add attribute per_beginning integer;

create function private.plain_letters(typed text) returns text
language sql immutable security invoker parallel safe set search_path = ''
as $$ select replace(regexp_replace(normalize(typed, nfd), '[\u0300-\u036f]', '', 'g'), 'ß', 'ss') $$;
comment on function private.plain_letters(text) is 'Without accents, as some stemmers write words.';
grant execute on function private.plain_letters(text) to anon, authenticated, service_role;

create or replace function private.parse_query(query text) returns private.parsed_query
language plpgsql immutable parallel safe set search_path = ''
as $_$
declare
  parsed private.parsed_query := (query, '{}', '{}', '{}', private.prefix_limit());
  piece text[];
  any_of boolean := false;
begin
  -- Most queries have no operator.
  if query !~ '"|\*|(^|\s)-\S' then
    return parsed;
  end if;
  parsed.words := '';
  for piece in select regexp_matches(query, '(^|\s)(-?)(?:"([^"]*)"|(\S+))', 'g') loop
    -- piece: what is before, minus, phrase, word
    if piece[2] = '-' then
      parsed.excluded := parsed.excluded || coalesce(piece[3], piece[4]);
    elsif piece[3] is not null then
      parsed.words := parsed.words || ' ' || piece[3];
      if any_of and cardinality(parsed.phrases) > 0 then
        parsed.phrases[cardinality(parsed.phrases)] := parsed.phrases[cardinality(parsed.phrases)] || E'\n' || piece[3];
      else
        parsed.phrases := parsed.phrases || piece[3];
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
  return parsed;
end $_$;

create or replace function private.query_words(query text) returns table (stemmer text, word text, times integer)
language plpgsql stable security definer rows 10 set search_path = ''
as $$
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

create or replace function private.beginnings(typed text) returns table (stemmer text, first_word text, next_word text)
language plpgsql stable security invoker rows 10 set search_path = ''
as $$
begin
  -- No word is as long; and what follows takes a time that grows with the square of the length.
  if char_length(typed) > 100 then
    return;
  end if;
  -- Stems are what can be looked up. A stemmer may write a word without the accents of its beginning (München: munch), and
  -- end it before the beginning ends (organization: organ). What it does is learned from the typed letters with one more
  -- letter behind them, or with what a usual ending leaves to be typed.
  return query
    with one_letter_more as materialized (
      select w.stemmer, w.word from private.query_words(
        (select string_agg(typed || e.letter, ' ' order by e.place)
         from unnest(string_to_array(',a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z', ','))
              with ordinality e (letter, place)
         where e.letter = '' or char_length(typed) <= 40)) w
    ), typed_words as materialized (
      select l.stemmer, l.word from one_letter_more l
      union
      -- Letters alone go to the stemmer as they are, which takes a fifth of what taking a text apart does.
      select s.stemmer, x.word
      from (
        select o.stemmer, ('pg_catalog.' || o.stemmer || '_stem')::regdictionary as dictionary
        from one_letter_more o where o.stemmer <> 'simple' group by o.stemmer offset 0) s
      cross join unnest(string_to_array(
        'ization,zation,ation,tion,ion,on,ational,tional,ional,onal,nal,al,ing,ng,ful,ul,fully,ully,lly,ly,'
        'able,ble,le,ible,ability,bility,ility,lity,ity,ty,ibility,ment,ent,nt,ness,ess,ss,less,ive,ve,ous,'
        'us,ance,nce,ce,ence,ism,sm,ist,st,ely,ungen,ngen,gen,en,ung,keiten,eiten,iten,ten,keit,eit,it,heit,'
        'lich,ich,ch,isch,sch,schaft,chaft,haft,aft,ft,aciones,ciones,iones,ones,nes,es,ación,ción,ión,ón,'
        'amiento,miento,iento,ento,nto,to,mente,ente,nte,te,idad,dad,ad,ement,isation,sation,ité,té,azione,'
        'zione,ione,one,ne,azioni,zioni,ioni,oni,ni,ità,tà,ação,ção,ão,ações,ções,ões,dade,ade,de,lijk,ijk,'
        'jk,heid,eid,id', ',')) e (ending)
      cross join lateral unnest(ts_lexize(s.dictionary, typed || e.ending)) x (word)
      where typed ~ '^[[:alpha:]]{2,40}$'
    ), plain as (
      select private.plain_letters(typed) as letters
    ), written as (
      select distinct w.stemmer, b.beginning
      from typed_words w cross join plain p cross join lateral (values (typed), (p.letters)) b (beginning)
      where starts_with(w.word, b.beginning)
      union
      -- Some accents only: café loses none in German, stühle does.
      select h.stemmer, h.head
      from (
        select distinct w.stemmer, left(w.word, char_length(typed)) as head
        from typed_words w where char_length(w.word) >= char_length(typed) and left(w.word, char_length(typed)) <> typed) h
      cross join plain p
      where private.plain_letters(h.head) = p.letters
    )
    select w.stemmer, w.beginning, w.beginning || chr(1114111) from written w
    union all
    select distinct t.stemmer, t.word, t.word || chr(1) from typed_words t
    where typed !~ '_'
      and not exists (select from written w where w.stemmer = t.stemmer and starts_with(t.word, w.beginning));
end $$;

create or replace function private.counted_words(parsed private.parsed_query, scopes uuid[], direct bigint[])
returns setof private.query_term
language plpgsql stable security definer rows 10 set search_path = ''
as $$
begin
  return query
    with words as materialized (
      select w.stemmer, w.word, w.word as original, w.times from private.query_words(parsed.words) w
      union all
      (select x.stemmer, x.word, b.beginning || '*', 1
       from (select distinct d.beginning from unnest(parsed.prefixes[1:32]) d (beginning)) b
       cross join lateral (
         with looked_for as materialized (select * from private.beginnings(b.beginning))
         select x.stemmer, x.word from (
           select p.stemmer, p.word, p.size
           from looked_for f
           cross join lateral (
             select p.stemmer, p.word, p.size from private.postings p
             where p.scope_id = any (scopes) and p.word >= f.first_word and p.word < f.next_word and p.stemmer = f.stemmer
             offset 0) p
           union all
           select c.stemmer, v.lexeme, 1
           from public.chunks c cross join lateral unnest(c.search_vector) v
           join looked_for f on f.stemmer = c.stemmer
             and v.lexeme >= f.first_word collate "C" and v.lexeme < f.next_word collate "C"
           where c.id = any (direct)) x
         group by x.stemmer, x.word order by sum(x.size) desc, x.word limit parsed.per_beginning) x))
    select w.stemmer, w.word, w.original, w.times::double precision,
           (select coalesce(sum(p.size), 0) from private.postings p
            where p.scope_id = any (scopes) and p.word = w.word and p.stemmer = w.stemmer)
           + (select count(*) from public.chunks c
              where c.id = any (direct) and c.stemmer = w.stemmer and c.search_vector @@ private.word_query(w.word)),
           null::double precision, null::double precision
    from words w;
end $$;
comment on function private.counted_words(private.parsed_query, uuid[], bigint[]) is
  'Stems of a query, for a beginning the most frequent that have it, and how many passages of the audiences have each. Definer: as unposted_passages.';
comment on function private.prefix_limit() is
  'Words that a beginning stands for at first, the most frequent; sixteen times as many where these do not fill the list.';

drop function private.article_matches(text, uuid[]);
create function private.article_matches(query text, scopes uuid[], sources uuid[]) returns setof private.chunk_match
language plpgsql stable security definer rows 1 set search_path = ''
as $$
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
comment on function private.article_matches(text, uuid[], uuid[]) is
  'Products whose article number stands in the query, however it is punctuated and in up to three parts, or its beginning, from four characters with a digit on. Definer: asked only by keyword_matches, with the caller''s audiences.';

create or replace function private.keyword_matches(
  query text, terms private.query_term[], kinds text[], sources uuid[], excluded uuid[], also bigint[], match_count integer)
returns setof private.chunk_match
language plpgsql stable security definer rows 200 set search_path = ''
as $$
declare
  scopes constant uuid[] := private.search_scopes(kinds);
  direct constant bigint[] := private.unposted_passages(scopes, private.search_shares(kinds));
  found private.chunk_match[];
  row_limit integer := 2 * match_count;
  passages bigint;
  sources_read bigint;
begin
  loop
    -- Robertson and Zaragoza 2009, k1 = 1.2 and b = 0.75, over the most that this query could score: 0 to 1. Everything is
    -- calculated in doubles: a decimal among the numbers takes half of the time.
    with posted as materialized (
      select x.posting >> 16 as posting_id,
             sum(x.weight * ((x.posting >> 11) & 31)::double precision / (
               ((x.posting >> 11) & 31)::double precision + 0.3::double precision
               + x.steepness * (x.posting & 2047)::double precision)) as score
      from (
        select unnest(p.postings) as posting, t.weight, p.steepness
        from unnest(terms) t
        -- Word by word: the planner, which does not know how few they are, would read all postings of a small table.
        cross join lateral (
          select w.postings, 0.9 / t.average_length as steepness from private.postings w
          where w.scope_id = any (scopes) and w.word = t.word and w.stemmer = t.stemmer offset 0) p) x
      group by x.posting >> 16
    ), best as materialized (
      select p.posting_id, p.score from posted p
      where (sources is null or p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (sources)))
        and (excluded is null or not p.posting_id in (
              select m.posting_id from public.chunks c join private.posted_passages m on m.chunk_id = c.id
              where c.source_id = any (excluded)))
      order by p.score desc, p.posting_id limit row_limit
    ), meant as materialized (
      select m.posting_id, m.chunk_id from unnest(also) a (chunk_id) join private.posted_passages m using (chunk_id)
    ), matches as (
      select m.chunk_id, b.score, true as is_among_best from best b join private.posted_passages m using (posting_id)
      union all
      select m.chunk_id, p.score, false from meant m join posted p using (posting_id)
      union all
      select c.id, s.score, false
      from public.chunks c
      cross join lateral (
        select sum(t.weight * f.times / (
          f.times + 0.3::double precision + 0.9 / t.average_length * least(c.token_count, 2047))) as score
        from unnest(c.search_vector) v
        join unnest(terms) t on t.word = v.lexeme and t.stemmer = c.stemmer
        cross join lateral (select least(coalesce(cardinality(v.positions), 1), 31)::double precision) f (times)) s
      where c.id = any (direct) and s.score is not null
      union all
      select a.chunk_id, a.score, false from private.article_matches(query, scopes, sources) a where 'products' = any (kinds))
    select array_agg((c.source_id, c.id, least(m.score, 1))::private.chunk_match), (select count(*) from best),
           count(distinct c.source_id) filter (where m.is_among_best)
    into found, passages, sources_read
    from matches m join public.chunks c on c.id = m.chunk_id
    where (sources is null or c.source_id in (select unnest(sources)))
      and (excluded is null or not c.source_id in (select unnest(excluded)));
    -- A long document may have filled the rows with passages of its own, or passages that have changed since. What was
    -- found otherwise does not count: it may be worse than what was not read.
    exit when passages < row_limit or sources_read >= match_count;
    row_limit := 8 * row_limit;
  end loop;
  return query
    select b.source_id, b.chunk_id, b.score
    from (
      select distinct on (f.source_id) f.* from unnest(found) f order by f.source_id, f.score desc, f.chunk_id) b
    union
    select f.source_id, f.chunk_id, f.score from unnest(found) f where f.chunk_id = any (also);
end $$;

create or replace function public.search(
  query text,
  query_embedding extensions.halfvec default null,
  mode text default 'hybrid',
  kinds text[] default '{documents,products}',
  max_results integer default 10,
  organization_id uuid default null,
  category text default null,
  price_min numeric default null,
  price_max numeric default null,
  in_stock boolean default null,
  metadata_contains jsonb default null,
  embedding_model text default null)
returns table (
  kind text, id uuid, document_id uuid, title text, snippet text, highlights integer[], heading_path text[],
  score double precision, metadata jsonb, complete boolean)
language plpgsql stable security invoker rows 10 set search_path = '' set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  of_documents constant boolean := search.organization_id is not null;
  of_products constant boolean := num_nonnulls(search.category, price_min, price_max, in_stock) > 0;
  model record;
  candidate_count constant integer := greatest(100, 4 * max_results);
  semantic_weight constant double precision := case mode when 'semantic' then 1 when 'keyword' then 0 else private.semantic_weight() end;
  parsed private.parsed_query;
  sources uuid[];
  excluded uuid[];
  terms private.query_term[] := '{}';
  marks private.marked_word[];
  by_meaning private.chunk_match[] := '{}';
  by_words private.chunk_match[] := '{}';
  has_every_word boolean := true;
  sources_found bigint;
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
      kinds, search.organization_id, search.category, price_min, price_max, in_stock, metadata_contains));
  end if;
  parsed := private.parse_query(query);
  if cardinality(parsed.phrases) > 0 then
    sources := private.sources_of_phrases(parsed.phrases, kinds, sources);
  end if;
  if cardinality(parsed.excluded) > 0 then
    excluded := array(select private.sources_with(parsed.excluded, kinds));
  end if;

  if mode <> 'keyword' then
    by_meaning := array(
      select m from private.semantic_matches(query_embedding, kinds, sources, excluded, max_results) m
      order by (m).score desc limit candidate_count);
  end if;
  if mode = 'semantic' then
    marks := private.words_to_mark(parsed);
  else
    loop
      terms := private.query_terms(parsed, kinds);
      if cardinality(parsed.prefixes) > 0 then
        has_every_word := cardinality(parsed.prefixes) <= 32 and not exists (
          select from unnest(terms) t where t.original like '%*'
          group by t.original having count(*) >= parsed.per_beginning);
      end if;
      by_words := array(select m from private.keyword_matches(
        concat_ws(' ', parsed.words, array_to_string(parsed.prefixes, ' ')), terms, kinds, sources, excluded,
        array(select (b).chunk_id from unnest(by_meaning) b), candidate_count) m);
      sources_found := (select count(distinct (b).source_id) from unnest(by_words) b);
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

  return query
  with candidates as (
    select source_id, chunk_id, max(m.cosine) as cosine, max(m.bm25) as bm25
    from (
      select b.source_id, b.chunk_id, b.score as cosine, null::double precision as bm25 from unnest(by_meaning) b
      union all
      select b.source_id, b.chunk_id, null, b.score from unnest(by_words) b) m
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
  )
  select case when c.document_id is not null then 'document' else 'product' end,
         c.source_id,
         c.document_id,
         coalesce(d.title, p.name),
         n.text,
         n.highlights,
         c.heading_path,
         t.score,
         coalesce(d.metadata, p.metadata || jsonb_build_object(
           'sku', p.sku, 'category', k.slug, 'price', p.price, 'currency', p.currency, 'in_stock', p.is_in_stock)),
         has_every_word
  from top t
  join public.chunks c on c.id = t.chunk_id
  left join public.documents d on d.id = c.document_id
  left join public.products p on p.id = c.product_id
  left join public.categories k on k.id = p.category_id
  left join (
    select q.stemmer, string_agg(q.match::text, ' | ')::tsquery as any_word
    from unnest(marks) q group by q.stemmer) w on w.stemmer = c.stemmer
  cross join lateral private.snippet(c.content, c.stemmer, w.any_word) n
  where d.id is not null or p.id is not null
  order by t.score desc, t.source_id;
end $$;
comment on function public.search(text, extensions.halfvec, text, text[], integer, uuid, text, numeric, numeric, boolean, jsonb, text) is
  'Documents and products that the caller may read, best first, each once, with its best passage. Runs as the caller: the policies decide every row. In the query, "a phrase" must occur, -word must not, and boat* stands for all words that begin so. embedding_model says whose query_embedding is, and is refused when that is not the active one. complete: the list holds max_results rows or every match among what is embedded. False also where not every word that begins so was looked for, where there are more than 32 beginnings, and where the list is short and the query had more than 64 words.';

-- Purpose: a word with two letters swapped ("jacekt") is taken for that of a product name.
-- Undo: create corrected_words of 20261123030200 again; drop function private.sorted_letters(text).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

-- A pg_trgm setting in a function's header is refused until the library is loaded in this session.
do $$ begin perform extensions.similarity('', ''); end $$;

create function private.sorted_letters(word text) returns text
language sql immutable security invoker parallel safe set search_path = ''
as $$ select string_agg(l.letter, '' order by l.letter collate "C") from string_to_table(word, null) l (letter) $$;
comment on function private.sorted_letters(text) is 'Equal for words of the same letters.';

create or replace function private.corrected_words(query text, counted private.query_term[], scopes uuid[])
returns setof private.query_term
language plpgsql stable security definer rows 5 set search_path = '' set pg_trgm.word_similarity_threshold = 0.4
as $$
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
comment on function private.corrected_words(text, private.query_term[], uuid[]) is
  'For words of a query that no passage has, the words of product names that are most like them. Definer: the trigram index '
  'cannot be used under a policy; otherwise as unposted_passages.';

-- The words of products and of chunks.
--
-- The words of a product stand in a table of their own: under row level security an index on a tsvector is not used,
-- since @@ is not leakproof, and a change of stock must not write words again. Functions read the table as its owner
-- and then read the products as the caller.
--
-- A word of a query that no text has may be misspelt by a letter. What it may be meant for is written out, and the
-- index is asked which of these words there are (see words_of_a_query).

create table private.product_words (
  product_id uuid primary key references public.products (id) on delete cascade,
  stemmer text not null,
  words tsvector not null
);
create index product_words_words_idx on private.product_words using gin (words);
create index product_words_stemmer_idx on private.product_words (stemmer);
alter table private.product_words enable row level security, force row level security;

comment on table private.product_words is 'The words of each product.';
comment on column private.product_words.product_id is 'The product.';
comment on column private.product_words.stemmer is 'The text search configuration that stemmed them.';
comment on column private.product_words.words is 'Stems of name (A), SKU (B) and description (D).';

create policy "functions alone use it" on private.product_words for all to anon, authenticated using (false);

create function private.stemmer(language text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case split_part(language, '-', 1)
    when 'ar' then 'arabic' when 'ca' then 'catalan' when 'da' then 'danish' when 'de' then 'german'
    when 'el' then 'greek' when 'en' then 'english' when 'es' then 'spanish' when 'eu' then 'basque'
    when 'fi' then 'finnish' when 'fr' then 'french' when 'ga' then 'irish' when 'hi' then 'hindi'
    when 'hu' then 'hungarian' when 'hy' then 'armenian' when 'id' then 'indonesian' when 'it' then 'italian'
    when 'lt' then 'lithuanian' when 'ne' then 'nepali' when 'nl' then 'dutch' when 'no' then 'norwegian'
    when 'nb' then 'norwegian' when 'nn' then 'norwegian'
    when 'pt' then 'portuguese' when 'ro' then 'romanian' when 'ru' then 'russian' when 'sr' then 'serbian'
    when 'sv' then 'swedish' when 'ta' then 'tamil' when 'tr' then 'turkish' when 'yi' then 'yiddish'
    when 'und' then 'english'
    else 'simple' end
$$;
comment on function private.stemmer is
  'The text search configuration of a language tag; simple without one. What has no language, such as a title or code, '
  'is stemmed as English.';
grant execute on function private.stemmer to service_role, tidegate_worker;

-- Immutable, so that a generated column can use it. A column of type regconfig would block pg_upgrade.
create function private.search_vector(language text, title text, heading_path text[], content text) returns tsvector
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select setweight(to_tsvector(s.config, private.indexed_text(title)), 'A')
      || setweight(to_tsvector(s.config, private.indexed_text(array_to_string(heading_path, ' '))), 'B')
      || to_tsvector(s.config, private.indexed_text(content))
      -- At the end, so that the words of a phrase follow each other.
      || to_tsvector(s.config, coalesce(o.wholes, ''))
      || setweight(to_tsvector(s.config, coalesce(o.parts, '')), 'C')
  from (select ('pg_catalog.' || private.stemmer(language))::regconfig as config) s
  cross join private.spelled_otherwise(concat_ws(E'\n', title, array_to_string(heading_path, ' '), content)) o
$$;
comment on function private.search_vector is
  'Stemmed words of a text: title (A), headings (B), content and other spellings (D), parts of compounds (C).';
grant execute on function private.search_vector to service_role, tidegate_worker;

create function private.sku_key(typed text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select upper(regexp_replace(normalize(typed, nfkc), '[^[:alnum:]]', '', 'g')) $$;
comment on function private.sku_key is 'A typed SKU as products_sku_key_idx has it: letters and digits only.';

create function private.index_product_words() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into private.product_words (product_id, stemmer, words)
  values (
    new.id, private.stemmer(new.language),
    private.search_vector(new.language, new.name, array[new.sku], new.description))
  on conflict (product_id) do update set stemmer = excluded.stemmer, words = excluded.words;
  return null;
end $$;
comment on function private.index_product_words is
  'Row trigger on products: writes their words. Definer: staff have no right on the table of words.';

create trigger index_product_words after insert or update of name, sku, description, language on public.products
  for each row execute function private.index_product_words();

create function private.letters_like(word text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select case
    when word ~ '[a-z]' then 'abcdefghijklmnopqrstuvwxyz'
    when word ~ '[\u0430-\u045F]' then 'абвгдежзийклмнопрстуфхцчшщъыьэюяіїєў'
    when word ~ '[\u03B1-\u03C9]' then 'αβγδεζηθικλμνξοπρσςτυφχψω'
    else '' end
$$;
comment on function private.letters_like is 'The alphabet of a word in lower case without accents; empty for others.';

create function private.one_letter_off(word text) returns table (candidate text, trust double precision)
language sql immutable security invoker parallel safe rows 500 set search_path = pg_catalog, pg_temp
as $$
  select c.candidate, max(c.trust)
  from (
    select left(word, i - 1) || substr(word, i + 1, 1) || substr(word, i, 1) || substr(word, i + 2) as candidate,
           0.8::double precision as trust
    from generate_series(1, char_length(word) - 1) i
    union all
    select left(word, i - 1) || substr(word, i + 1), 0.8 from generate_series(1, char_length(word)) i
    union all
    select left(word, i) || l || substr(word, i + 1), 0.8
    from generate_series(0, char_length(word)) i, string_to_table(private.letters_like(word), null) l) c
  where c.candidate <> word
  group by c.candidate
$$;
comment on function private.one_letter_off is
  'What a misspelt word may be meant for: two letters swapped, one too many, or one missing; not another letter, since '
  'a tower is no towel.';

create function private.stems_one_letter_off(words text[], stemmers text[])
returns table (word text, candidate text, trust double precision, stemmer text, stem text)
language plpgsql immutable security invoker rows 1000 set search_path = pg_catalog, pg_temp
as $$
begin
  return query
    with candidates as materialized (
      select u.word, l.candidate, l.trust, row_number() over () as place
      from unnest(words) u (word) cross join lateral private.one_letter_off(u.word) l
    ), written as materialized (
      select string_agg(c.candidate, ' ' order by c.place) as text from candidates c)
    select c.word, c.candidate, c.trust, s.name, v.lexeme
    from written w
    cross join unnest(stemmers) s (name)
    cross join lateral unnest(to_tsvector(('pg_catalog.' || s.name)::regconfig, w.text)) v
    cross join lateral unnest(v.positions) p (place)
    join candidates c on c.place = p.place;
end $$;
comment on function private.stems_one_letter_off is
  'What these words may be meant for, and its stems: told by their places in a text of all of them.';

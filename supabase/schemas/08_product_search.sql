-- Texts as text search reads them, and the words of products.
--
-- Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces, and Korean words end in particles. A text
-- search configuration takes such a run of characters for one word, which nobody types. So a run is indexed as its
-- overlapping pairs of characters and its last character: 東京都 as 東京, 京都 and 都. A vowel, tone mark or subscript
-- stays with its consonant, so that a word has the same pairs wherever it stands. A query has the pairs only; in a
-- phrase they must follow each other, and a character alone stands for the pairs that begin with it. Other texts are
-- not changed, except that each character has one form: width and accents are folded.
--
-- The words of a product stand in a table of their own: under row level security an index on a tsvector is not used,
-- since @@ is not leakproof, and a change of stock must not write words again. Functions read the table as its owner
-- and then read the products as the caller.

create function private.unspaced_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select '\u0E01-\u0E2E\u0E30-\u0E3A\u0E40-\u0E45\u0E47-\u0E4E' -- Thai
      || '\u0E81-\u0EAE\u0EB0-\u0EC4\u0EC8-\u0ECE\u0EDC-\u0EDF' -- Lao
      || '\u1000-\u103F\u1050-\u108F\u109A-\u109D' -- Burmese, Mon, Shan, Karen
      || '\u1780-\u17D3\u17DC\u17DD' -- Khmer
      || '\u3005-\u3007\u3041-\u3096\u3099\u309A\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u31F0-\u31FF' -- kana
      || '\u3100-\u312F\u31A0-\u31BF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U000323AF' -- Chinese
$$;
comment on function private.unspaced_characters is
  'Letters of scripts whose words are not set apart by spaces: the inside of a bracket expression.';

create function private.run_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select private.unspaced_characters() || '\u1100-\u11FF\u3131-\u318E\uAC00-\uD7A3' $$;
comment on function private.run_characters is
  'What runs consist of: the same with Korean, whose words are not set apart from their particles.';

create function private.run_unit() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  -- A vowel that is written before its consonant; the consonant; signs, tones and subscripts; a vowel after it.
  select '[\u0E40-\u0E44\u0EC0-\u0EC4]?' || c.consonant
      || '(?:[\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\u0EB1\u0EB4-\u0EBC\u0EC8-\u0ECE\u102B-\u1038\u103A-\u103E'
      || '\u1056-\u1059\u105E-\u1060\u1062-\u1064\u1067-\u106D\u1071-\u1074\u1082-\u108D\u108F\u109A-\u109D'
      || '\u17B4-\u17D1\u17D3\u17DD]|[\u1039\u17D2]' || c.consonant || ')*'
      || '[\u0E30\u0E32\u0E33\u0E45\u0EB0\u0EB2\u0EB3]?'
      || '|[' || private.run_characters() || ']'
  from (
    select '[\u0E01-\u0E2E\u0E81-\u0EAE\u0EBD\u0EDC-\u0EDF\u1000-\u102A\u103F\u1050-\u1055\u105A-\u105D\u1061'
        || '\u1065\u1066\u106E-\u1070\u1075-\u1081\u108E\u1780-\u17B3\u17DC]' as consonant) c
$$;
comment on function private.run_unit is
  'A regular expression: a character of a run with what is written around it. No word begins or ends within one.';

create function private.unseen_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select '[\u200B-\u200D\u2060\uFE00-\uFE0F\uFEFF\U000E0100-\U000E01EF]' $$;
comment on function private.unseen_characters is
  'A regular expression: spaces of no width, and what says which variant of a character is shown.';

create function private.folded(content text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(content) = char_length(content) then
    return content;
  end if;
  -- Asked first, since translate compares each character with all of these.
  if content ~ '[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]' then
    content := translate(
      content,
      '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～',
      '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~');
  end if;
  if content ~ '[\uFF66-\uFF9F]' then
    content := translate(
      content, '｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ',
      '。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン' || U&'\3099\309A');
  end if;
  -- The Thai and Lao sign am, typed in two parts.
  content := replace(replace(content, U&'\0E4D\0E32', U&'\0E33'), U&'\0ECD\0EB2', U&'\0EB3');
  return case when content is nfc normalized then content else normalize(content, nfc) end;
end $$;
comment on function private.folded is
  'A text with each character in one form: Latin of full width and kana of half width as usual, accents composed.';

create function private.marked_runs(content text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  if octet_length(content) = char_length(content) or content !~ ('[' || private.run_characters() || ']') then
    return null;
  end if;
  content := translate(content, E'\x1d\x1e\x1f', '   ');
  content := regexp_replace(content, private.unseen_characters(), '', 'g');
  -- A line may end within a word, but for Korean.
  content := regexp_replace(
    content, format('(?<=[%1$s])\r?\n(?=[%1$s])', private.unspaced_characters()), '', 'g');
  content := regexp_replace(content, '[' || private.run_characters() || ']+', E' \x1e\\&\x1f ', 'g');
  return regexp_replace(content, private.run_unit(), '\& \&', 'g');
end $$;
comment on function private.marked_runs is
  'A folded text with its runs taken apart: a, ab, bc, c for the run abc, between marks; null for a text without runs. '
  'The first is left out of an index, and the last of a query as well.';

create function private.indexed_text(content text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  folded constant text := private.folded(content);
begin
  return coalesce(translate(regexp_replace(private.marked_runs(folded), E'\x1e[^ ]+ ', '', 'g'), E'\x1f', ''), folded);
end $$;
comment on function private.indexed_text is 'A text as to_tsvector reads it: its runs as pairs of characters.';
create function private.query_text(query text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  folded constant text := private.folded(query);
begin
  -- A character alone goes, and the ends of longer runs.
  return coalesce(
    regexp_replace(private.marked_runs(folded), E'\x1e[^ ]+ [^ ]+\x1f|\x1e[^ ]+ | [^ ]+\x1f', '', 'g'), folded);
end $$;
comment on function private.query_text is
  'A query as to_tsvector reads it: its runs as pairs of characters, without those of one character.';

create function private.lone_characters(query text) returns text[]
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  marked constant text := private.marked_runs(private.folded(query));
begin
  if marked is null then
    return '{}';
  end if;
  return array(select distinct m.found[1] from regexp_matches(marked, E'\x1e([^ ]+) [^ ]+\x1f', 'g') m (found) limit 4);
end $$;
comment on function private.lone_characters is
  'The runs of one character of a query, at most four: each stands for the pairs that begin with it.';

create function private.phrase_text(phrase text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  folded constant text := private.folded(phrase);
  marked text := private.marked_runs(folded);
begin
  if marked is null then
    return folded;
  end if;
  -- A phrase may end within a run, but not one of its own runs before.
  marked := regexp_replace(marked, E'(\x1e[^ ]+ [^\x1f]+) [^ ]+\x1f([^[:alnum:]]*)$', '\1\2');
  return translate(regexp_replace(marked, E'\x1e[^ ]+ ', '', 'g'), E'\x1f', '');
end $$;
comment on function private.phrase_text is 'A phrase as phraseto_tsquery reads it.';

create function private.phrase_query(configuration regconfig, phrase text) returns tsquery
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  match constant tsquery := phraseto_tsquery(configuration, private.phrase_text(phrase));
begin
  if octet_length(phrase) = char_length(phrase) then
    return match;
  end if;
  -- A character alone at the end.
  return regexp_replace(match::text, '(''(?:' || private.run_unit() || ')'')$', '\1:*')::tsquery;
end $$;
comment on function private.phrase_query is
  'The tsquery of a phrase. A run of one character at its end may go on.';
grant execute on function
  private.unspaced_characters, private.run_characters, private.run_unit, private.folded, private.marked_runs,
  private.unseen_characters, private.indexed_text
  to anon, authenticated, service_role, tidegate_worker;
grant execute on function private.query_text, private.lone_characters, private.phrase_text, private.phrase_query
  to anon, authenticated, service_role;

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
  from (select ('pg_catalog.' || private.stemmer(language))::regconfig as config) s
$$;
comment on function private.search_vector is 'Stemmed words of a text: title (A), headings (B), content (D).';
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

-- Texts as text search reads them: one form of each character, pairs of runs without spaces, other spellings.
--
-- Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces, and Korean words end in particles. A text
-- search configuration takes such a run of characters for one word, which nobody types. So a run is indexed as its
-- overlapping pairs of characters and its last character: 東京都 as 東京, 京都 and 都. A vowel, tone mark or subscript
-- stays with its consonant, so that a word has the same pairs wherever it stands. A query has the pairs only; in a
-- phrase they must follow each other, and a character alone stands for the pairs that begin with it.
--
-- A path, an address, findAll, 16GB or résumé is one word to text search. What else it may be typed as stands after
-- the text: its parts, the whole without signs, the word without accents. A query is read in the same way, so that what
-- is spelled as the query is has more of its words, and comes first. A word that a text has only as a part of another
-- counts less: ProBook is hardly about books.

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

create function private.unified_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select '[\u00AD\u0640\u200B-\u200D\u2060\uFEFF\uFB00-\uFB04'
      || '\u0660-\u0669\u06A9\u06CC\u06F0-\u06F9\u0966-\u096F]'
$$;
comment on function private.unified_characters is
  'A regular expression: soft hyphens and what else is not seen, ligatures, digits of other scripts, and Persian '
  'letters for which Arabic has its own.';

create function private.folded(content text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  -- Asked first, since translate compares each character with all of these.
  if octet_length(content) > char_length(content)
     and content ~ '[\uFF10-\uFF19\uFF21-\uFF3A\uFF41-\uFF5A]' then
    content := translate(
      content,
      '！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～',
      '!"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~');
  end if;
  -- What looks like a tag or an entity of HTML is text, which the parser of text search would drop.
  if strpos(content, '<') > 0 or strpos(content, '&') > 0 then
    content := regexp_replace(translate(content, '<', ' '), '(?<![[:alnum:]])&(?=#?[[:alnum:]]+;)', ' ', 'g');
  end if;
  if octet_length(content) = char_length(content) then
    return content;
  end if;
  if content ~ '[\uFF66-\uFF9F]' then
    content := translate(
      content, '｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ',
      '。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン' || U&'\3099\309A');
  end if;
  if content ~ private.unified_characters() then
    content := regexp_replace(content, '[\u00AD\u0640\u200B-\u200D\u2060\uFEFF]', '', 'g');
    content := replace(replace(replace(replace(replace(
      content, 'ﬀ', 'ff'), 'ﬁ', 'fi'), 'ﬂ', 'fl'), 'ﬃ', 'ffi'), 'ﬄ', 'ffl');
    content := translate(content, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९کی', '012345678901234567890123456789كي');
  end if;
  -- The Thai and Lao sign am, typed in two parts.
  content := replace(replace(content, U&'\0E4D\0E32', U&'\0E33'), U&'\0ECD\0EB2', U&'\0EB3');
  return case when content is nfc normalized then content else normalize(content, nfc) end;
end $$;
comment on function private.folded is
  'A text with each character in one form: Latin of full width and kana of half width as usual, accents composed, '
  'ligatures and digits as typed, without soft hyphens and signs that begin a tag of HTML.';

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

create function private.accented_characters() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select '[\u00C0-\u024F\u0386-\u0390\u03AA-\u03B0\u03CA-\u03CE\u0401\u0451\u1E00-\u1FFF]' $$;
comment on function private.accented_characters is
  'A regular expression: letters of Latin and Greek with accents, and yo.';

create function private.unaccented(word text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select translate(replace(replace(replace(replace(
    regexp_replace(normalize(lower(word), nfd), '[\u0300-\u036F]', '', 'g'),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'øłđðı', 'olddi')
$$;
comment on function private.unaccented is 'A word in lower case as it is typed where there are no accents.';

create function private.compound_pattern() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select '(?:^[.])?[[:alnum:]_]+(?:[-./\\@:&+#=~]+[[:alnum:]_]+)*(?:\+\+|#)?' $$;
comment on function private.compound_pattern is
  'A regular expression: words with the signs that join them, such as a path, an address, a version, C++ or .NET.';

create function private.compound_seam() returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select '[[:alnum:]][-./\\@:&+#=~_]+[[:alnum:]]|[[:lower:]][[:upper:]]|[[:alpha:]]\d|\d[[:alpha:]]'
      || '|[[:alnum:]](\+\+|#)|^[.][[:alpha:]]'
$$;
comment on function private.compound_seam is 'A regular expression: where the parts of a compound meet.';

create function private.is_compound(token text) returns boolean
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select token ~ private.compound_seam() and token !~ '^\d+[.]\d+$' and char_length(token) <= 255
    and (octet_length(token) = char_length(token) or token !~ ('[' || private.run_characters() || ']'))
$$;
comment on function private.is_compound is
  'Whether a text by compound_pattern has parts: is more than a word or a number.';

create function private.compounds(content text) returns table (token text, place bigint)
language sql immutable security invoker parallel safe rows 10 set search_path = pg_catalog, pg_temp
as $$
  -- A word may be divided at the end of a line.
  select m.found[1], min(w.place)
  from string_to_table(
    translate(
      regexp_replace(content, '(?<=[[:alpha:]])-\r?\n[ \t]*(?=[[:alpha:]])', '-', 'g'), E'\n\r\t("''', '      '),
    ' ') with ordinality w (word, place)
  cross join lateral regexp_matches(w.word, private.compound_pattern(), 'g') m (found)
  where w.word ~ private.compound_seam() and private.is_compound(m.found[1])
  group by m.found[1]
$$;
comment on function private.compounds is
  'The compounds of a folded text, each once, and where they stand among its words.';

create function private.parts(token text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
begin
  token := regexp_replace(token, '[-/\\@:&+#=~_\s]+|(?<!\d)[.]|[.](?!\d)', ' ', 'g');
  token := regexp_replace(token, '([[:lower:]])([[:upper:]])', '\1 \2', 'g'); -- findAll
  token := regexp_replace(token, '([[:upper:]])([[:upper:]][[:lower:]])', '\1 \2', 'g'); -- HTTPServer
  token := regexp_replace(token, '\m([[:alpha:]]+)(\d+(?:[.]\d+)*)\M', '\1 \2', 'g'); -- v3.12
  return btrim(regexp_replace(token, '\m(\d+(?:[.]\d+)*)([[:alpha:]]+)\M', '\1 \2', 'g')); -- 16GB
end $$;
comment on function private.parts is 'The parts of a compound, between spaces: error.log is error log.';

create function private.joined(token text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
  select regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    token, '^[.]', 'dot'), '\+\+$', 'plusplus'), '([[:alpha:]])#$', '\1sharp'),
    '([[:alpha:]])&([[:alpha:]])', '\1and\2', 'g'), '[^[:alnum:]]+', '', 'g')
$$;
comment on function private.joined is 'A compound as one word: errorlog, wifi, cplusplus, csharp, dotnet, atandt.';

create function private.wholes(token text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  wholes text := (
    select string_agg(distinct private.joined(j.piece), ' ')
    from (
      select token as piece union all
      select regexp_split_to_table(token, '[/\\@:=]+') union all
      select regexp_split_to_table(token, '[/\\@:=]+|(?<!\d)[.]|[.](?!\d)') union all
      -- The ends of a dotted name: example.com of eu.api.example.com.
      select e.found[1]
      from regexp_split_to_table(token, '[/\\@:=]+') p (piece) cross join generate_series(1, 3) dots
      cross join lateral regexp_matches(p.piece, format('^(?:[^.]+[.]){%s}(.+)$', dots)) e (found)) j
    where char_length(j.piece) <= 64 and private.is_compound(j.piece) and j.piece !~ '^\d[\d.]*$');
begin
  if token ~ '\d' then
    wholes := concat_ws(
      ' ', wholes,
      (select string_agg(v.short[1], ' ') from regexp_matches(token, '\d+[.]\d+(?=[.]\d)', 'g') v (short)),
      (select string_agg(concat_ws(' ', left(h.hex[1], 7), left(h.hex[1], 8), left(h.hex[1], 10)), ' ')
       from regexp_matches(token, '\m(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{9,}\M', 'g') h (hex)));
  end if;
  return wholes;
end $$;
comment on function private.wholes is
  'A compound and the pieces of a path, address or dotted name as one word each, versions and hashes cut short.';

create function private.spelled_otherwise(content text, out wholes text, out parts text)
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  folded constant text := private.folded(content);
begin
  if folded ~ private.compound_seam() or folded ~ '-\r?\n|[\s("''][.][[:alpha:]]' then
    select string_agg(private.wholes(c.token), E'\n' order by c.place),
           string_agg(private.parts(c.token), E'\n' order by c.place)
    into wholes, parts
    from private.compounds(folded) c;
  end if;
  if octet_length(folded) > char_length(folded) and folded ~ private.accented_characters() then
    wholes := concat_ws(E'\n', wholes, (
      select string_agg(distinct private.unaccented(w.word), ' ')
      from regexp_split_to_table(folded, '[^[:alpha:]]+') w (word) where w.word ~ private.accented_characters()));
  end if;
end $$;
comment on function private.spelled_otherwise is
  'What else the words of a text may be typed as: compounds as one word, versions and hashes cut short, words without '
  'their accents; and the parts of compounds. Null for none.';

create function private.other_forms(content text) returns text
language sql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$ select concat_ws(E'\n', o.wholes, o.parts) from private.spelled_otherwise(content) o $$;
comment on function private.other_forms is 'What else the words of a text may be typed as, in one text.';

create function private.indexed_text(content text) returns text
language plpgsql immutable security invoker parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
  folded constant text := private.folded(content);
begin
  return coalesce(
    translate(regexp_replace(private.marked_runs(folded), E'\x1e[^ ]+ ', '', 'g'), E'\x1f', ''), folded);
end $$;
comment on function private.indexed_text is
  'A text as to_tsvector reads it: its runs as pairs of characters.';

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

create function private.spellings(phrases text[]) returns setof text
language sql immutable security invoker parallel safe rows 10 set search_path = pg_catalog, pg_temp
as $$
  -- Without its signs C++ would be C, and .NET a net.
  select distinct s.spelling
  from unnest(phrases) p (phrase)
  cross join lateral (
    select p.phrase ~ ('^' || private.compound_pattern() || '$') and private.is_compound(p.phrase) as is_compound,
           p.phrase ~ '[+#&]|^[.]' as has_signs) c
  cross join lateral unnest(case
    when c.is_compound and c.has_signs then array[private.joined(p.phrase)]
    when c.is_compound then array[p.phrase, private.parts(p.phrase)] else array[p.phrase] end) s (spelling)
$$;
comment on function private.spellings is
  'These phrases; of those that are one compound, the parts as well, or it as one word where its signs have a meaning.';

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
  private.unseen_characters, private.unified_characters, private.accented_characters, private.unaccented,
  private.compound_pattern, private.compound_seam, private.is_compound, private.compounds, private.parts,
  private.joined, private.wholes, private.spelled_otherwise, private.other_forms,
  private.indexed_text
  to anon, authenticated, service_role, tidegate_worker;
grant execute on function
  private.query_text, private.spellings, private.lone_characters, private.phrase_text, private.phrase_query
  to anon, authenticated, service_role;

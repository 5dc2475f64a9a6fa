-- Snippets: some fifty words of a chunk around the query's words, and where these are.

create type private.snippet as (text text, highlights integer[]);
comment on type private.snippet is
  'A piece of a chunk, and where the query''s words are in it: pairs of first character, from 0, and end.';

create type private.marked_word as (stemmer text, match tsquery);
comment on type private.marked_word is 'What snippets of chunks with this stemmer highlight.';

create function private.snippet(content text, stemmer text, any_word tsquery) returns private.snippet
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  plain text := content;
  marked text;
  fragment text;
  cut private.snippet := ('', '{}');
  part text;
begin
  -- Testing costs a tenth of replacing, and most chunks have nothing to replace.
  if plain ~ '[\x02\x03]' then
    plain := translate(plain, E'\x02\x03', '');
  end if;
  -- Removes Markdown syntax: headings (heading_path has them), table rules, emphasis, list marks.
  if plain ~ '[#*_`|>+]|^\s*(-|\d+\.)\s|\n\s*(-|\d+\.)\s' then
    plain := regexp_replace(regexp_replace(regexp_replace(
      plain, '^\s*#{1,6}\s.*$', '', 'gn'), '^[\s|:-]+$', '', 'gn'),
      '(\*\*|__|`|\|)|^\s*([-*+>]|\d+\.)\s+', ' ', 'gn');
  end if;
  if plain ~ '\s\s|[\t\n\r\f\v]|^\s|\s$' then
    plain := trim(regexp_replace(plain, '\s+', ' ', 'g'));
  end if;
  marked := trim(ts_headline(
    ('pg_catalog.' || stemmer)::regconfig, plain, coalesce(any_word, ''),
    E'StartSel="\x02", StopSel="\x03", MaxWords=60, MinWords=30'));
  fragment := translate(marked, E'\x02\x03', '');
  if fragment = '' then
    cut.text := left(regexp_replace(trim(content), '\s+', ' ', 'g'), 300);
    return cut;
  end if;
  cut.text := case when starts_with(plain, fragment) then '' else '… ' end;
  foreach part in array string_to_array(marked, E'\x02') loop
    if strpos(part, E'\x03') > 0 then
      cut.highlights := cut.highlights || array[array[
        char_length(cut.text), char_length(cut.text) + strpos(part, E'\x03') - 1]];
    end if;
    cut.text := cut.text || replace(part, E'\x03', '');
  end loop;
  if right(plain, length(fragment)) <> fragment then
    cut.text := cut.text || ' …';
  end if;
  return cut;
end $$;
comment on function private.snippet is
  'Some fifty words of a chunk around the query''s words, or its start, with an ellipsis where it was cut.';
grant execute on function private.snippet to anon, authenticated, service_role;

create function private.words_to_mark(parsed private.parsed_query) returns private.marked_word[]
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
comment on function private.words_to_mark is
  'The stems of a query and of its prefixes, for snippets of a search by meaning alone.';
grant execute on function private.words_to_mark to anon, authenticated, service_role;

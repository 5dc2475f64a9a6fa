-- Highlights: where the words of a query are in a text that was found.
--
-- Words that are set apart by spaces are found by the stemmer that indexed them. Runs of Chinese, Japanese, Korean,
-- Thai and the like are compared pair by pair, as they were indexed (see spellings). Both read the folded text,
-- and the offsets are brought back to the text as it was written.

create function private.words_in(content text, stemmer text, any_word tsquery) returns integer[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  configuration constant regconfig := ('pg_catalog.' || stemmer)::regconfig;
  opening text := E'\x02';
  closing text := E'\x03';
  attempt integer := 0;
  options text;
  marked text;
  part text;
  place integer := 0;
  found integer[] := '{}';
begin
  -- Marks that the content does not hold, and that no end of one and beginning of another can make up.
  while strpos(content, opening) > 0 or strpos(content, closing) > 0 loop
    attempt := attempt + 1;
    opening := E'\x02' || attempt || E'\x01';
    closing := E'\x03' || attempt || E'\x01';
  end loop;
  -- Only with HighlightAll nothing is left out: otherwise tags become spaces.
  options := format('HighlightAll=true, StartSel="%s", StopSel="%s"', opening, closing);
  marked := ts_headline(configuration, content, any_word, options);
  if replace(replace(marked, opening, ''), closing, '') <> content then
    -- A word of 2,048 bytes or more was dropped: only ASCII is read.
    marked := ts_headline(configuration, regexp_replace(content, '[^\x01-\x7f]', '_', 'g'), any_word, options);
  end if;
  foreach part in array string_to_array(marked, opening) loop
    if strpos(part, closing) > 0 then
      found := found || array[array[place, place + strpos(part, closing) - 1]];
    end if;
    place := place + char_length(replace(part, closing, ''));
  end loop;
  return found;
end $$;
comment on function private.words_in is
  'Where the words are in a text, for words that are set apart: pairs of first character, from 0, and end.';

create function private.pairs_in(content text, words text[]) returns integer[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce((
    with pieces as (
      select p.place, p.piece[1] as unit, p.piece[2] as between,
             sum(char_length(coalesce(p.piece[1], p.piece[2]))) over (order by p.place)::integer as ending
      from regexp_matches(
        content, format('(%s)|([^%s]+)', private.run_unit(), private.run_characters()), 'g')
        with ordinality p (piece, place)
    ), units as (
      -- What is not seen, and the end of a line, may be within a word.
      select u.unit, u.ending - char_length(u.unit) as beginning, u.ending,
             lead(u.unit) over following as next, lead(u.ending) over following as next_ending
      from pieces u
      where u.unit is not null or u.between !~ format('^%s*(\r?\n)?$', private.unseen_characters())
      window following as (order by u.place)
    ), marked as (
      select u.beginning, u.next_ending as ending from units u where u.unit || u.next = any (words)
      union
      select u.beginning, u.ending from units u where u.unit = any (words)
    ), joined as (
      select m.*, m.beginning >= coalesce(max(m.ending) over (
               order by m.beginning, m.ending rows between unbounded preceding and 1 preceding), 0) as is_first
      from marked m
    ), numbered as (
      select j.*, count(*) filter (where j.is_first) over (order by j.beginning, j.ending) as word from joined j
    ), merged as (
      select min(n.beginning) as beginning, max(n.ending) as ending from numbered n group by n.word)
    select array_agg(array[m.beginning, m.ending] order by m.beginning) from merged m), '{}');
end $$;
comment on function private.pairs_in is
  'Where words of a query are in the runs of a text: pairs of first character, from 0, and end. Those that overlap are '
  'one.';

create function private.places_as_written(content text, places integer[]) returns integer[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  letter text;
  piece text := '';
  folded_length integer := 0;
  place integer := 0;
  origin integer[] := '{}'; -- of each character of the folded text, where its piece begins and ends
  ending integer[] := '{}';
begin
  foreach letter in array string_to_array(content, null) loop
    if private.folded(piece || letter) = private.folded(piece) || private.folded(letter) then
      folded_length := char_length(private.folded(piece));
      origin := origin || array_fill(place, array[folded_length]);
      place := place + char_length(piece);
      ending := ending || array_fill(place, array[folded_length]);
      piece := '';
    end if;
    piece := piece || letter;
  end loop;
  folded_length := char_length(private.folded(piece));
  origin := origin || array_fill(place, array[folded_length]);
  ending := ending || array_fill(char_length(content), array[folded_length]);
  return array(
    select array[origin[p.place[1] + 1], ending[p.place[2]]]
    from generate_subscripts(places, 1) i cross join lateral (select array[places[i][1], places[i][2]] as place) p
    order by i);
end $$;
comment on function private.places_as_written is
  'Where pieces of a folded text are in the text as it was written.';

create function private.spelled_otherwise_in(content text, stemmer text, any_word tsquery) returns integer[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  configuration constant regconfig := ('pg_catalog.' || stemmer)::regconfig;
begin
  if to_tsvector(configuration, private.other_forms(content)) @@ any_word is not true then
    return '{}';
  end if;
  return array(
    select array[(w.ending - char_length(w.word))::integer, w.ending::integer]
    from (
      select p.piece[1] as word, sum(char_length(coalesce(p.piece[1], p.piece[2]))) over (order by p.place) as ending
      from regexp_matches(content, '([^\s("'',;]*[[:alnum:]#+])|(.|\s)', 'g') with ordinality p (piece, place)) w
    where to_tsvector(configuration, private.other_forms(w.word)) @@ any_word order by w.ending);
end $$;
comment on function private.spelled_otherwise_in is
  'Where the words are in a text that spells them otherwise, such as résumé for resume: as words_in.';

create function private.highlights(content text, stemmer text, any_word tsquery) returns integer[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  run constant text := '[' || private.run_characters() || ']';
  folded constant text := private.folded(content);
  words constant text[] := array(
    select distinct m.word[1] from regexp_matches(any_word::text, run || '+', 'g') m (word));
  found integer[] := '{}';
begin
  if any_word is null then
    return found;
  end if;
  if octet_length(folded) = char_length(folded) or folded !~ run then
    found := private.words_in(folded, stemmer, any_word);
  else
    -- Words beside a run are read without it.
    found := private.words_in(regexp_replace(folded, run, ' ', 'g'), stemmer, any_word);
    if cardinality(words) > 0 then
      found := found || private.pairs_in(folded, words);
      found := array(
        select array[found[i][1], found[i][2]] from generate_subscripts(found, 1) i order by found[i][1]);
    end if;
  end if;
  if cardinality(found) = 0 then
    found := private.spelled_otherwise_in(folded, stemmer, any_word);
  end if;
  return case when char_length(folded) = char_length(content) then found
    else private.places_as_written(content, found) end;
end $$;
comment on function private.highlights is
  'Where the words are in the content of a chunk: pairs of first character, from 0, and end.';

grant execute on function
  private.words_in, private.pairs_in, private.places_as_written, private.spelled_otherwise_in, private.highlights
  to anon, authenticated, service_role;

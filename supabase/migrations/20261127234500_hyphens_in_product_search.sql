-- Purpose: a query of products with many loose hyphens is plain words. Each hyphen before another one, before white space or
--   before a sign was one more negation of the same word, and PostgreSQL gives up at 32 ("tsquery stack too small").
-- Undo: create private.products_with of 20261124090400 again, with set search_path = pg_catalog, pg_temp.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create or replace function private.products_with(query text) returns table (product_id uuid, rank real)
language plpgsql stable security definer rows 100 set search_path = pg_catalog, pg_temp
as $$
declare
  -- One hyphen right before a word or a quotation excludes it. Any other that is not inside a word says nothing.
  clean constant text := regexp_replace(query, '(?<![\w-])(--+|-(?![\w"]))', ' ', 'g');
  language text := '';
  match tsquery;
begin
  -- One language after the other: joined with the list of them, the words would be read from end to end.
  loop
    select w.stemmer into language from private.product_words w
    where w.stemmer > language order by w.stemmer limit 1;
    exit when language is null;
    match := websearch_to_tsquery(('pg_catalog.' || language)::regconfig, clean);
    return query
      select w.product_id, ts_rank(w.words, match) from private.product_words w
      where w.words @@ match and w.stemmer = language;
  end loop;
end $$;
comment on function private.products_with(text) is
  'Products with these words, each language by its own stems, and how well they fit; hyphens that belong to no word are left '
  'out. Definer: an index of words cannot be used under a policy. Asked only by search_products, which reads what this names '
  'under the policies.';

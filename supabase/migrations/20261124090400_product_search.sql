-- Purpose: products by words through the Data API, to be filtered, sorted and paged like the table.
-- Undo: drop function public.search_products(text), private.products_with(text); drop table private.product_words;
--   drop trigger note_product_words on public.products; drop function private.note_product_words();
set local lock_timeout = '10s';
set local statement_timeout = '120s';

create table private.product_words (
  product_id uuid primary key references public.products (id) on delete cascade,
  stemmer text not null,
  words tsvector not null
);
create index product_words_words_idx on private.product_words using gin (words);
create index product_words_stemmer_idx on private.product_words (stemmer);
alter table private.product_words enable row level security;
alter table private.product_words force row level security;
create policy "functions alone use it" on private.product_words for all to anon, authenticated using (false);
comment on table private.product_words is
  'The words of each product. Beside the table, since row level security keeps an index of words from being used, and stock '
  'that changes must not write words again.';
comment on column private.product_words.product_id is 'The product.';
comment on column private.product_words.stemmer is 'The text search configuration that its words were stemmed by.';
comment on column private.product_words.words is 'Stems of name (A), article number (B) and description (D).';

create function private.note_product_words() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.product_words (product_id, stemmer, words)
  values (new.id, private.stemmer(new.language), private.search_vector(new.language, new.name, array[new.sku], new.description))
  on conflict (product_id) do update set stemmer = excluded.stemmer, words = excluded.words;
  return null;
end $$;
comment on function private.note_product_words() is
  'Row trigger on products: keeps their words. Definer: staff have no right to the table of words.';

insert into private.product_words (product_id, stemmer, words)
select p.id, private.stemmer(p.language), private.search_vector(p.language, p.name, array[p.sku], p.description)
from public.products p;

create trigger note_product_words after insert or update of name, sku, description, language on public.products
  for each row execute function private.note_product_words();

create function private.products_with(query text) returns table (product_id uuid, rank real)
language plpgsql stable security definer rows 100 set search_path = ''
as $$
declare
  language text := '';
  match tsquery;
begin
  -- One language after the other: joined with the list of them, the words would be read from end to end.
  loop
    select w.stemmer into language from private.product_words w
    where w.stemmer > language order by w.stemmer limit 1;
    exit when language is null;
    match := websearch_to_tsquery(('pg_catalog.' || language)::regconfig, query);
    return query
      select w.product_id, ts_rank(w.words, match) from private.product_words w
      where w.words @@ match and w.stemmer = language;
  end loop;
end $$;
comment on function private.products_with(text) is
  'Products with these words, each language by its own stems, and how well they fit. Definer: an index of words cannot be '
  'used under a policy. Asked only by search_products, which reads what this names under the policies.';

create function public.search_products(query text) returns setof public.products
language plpgsql stable security invoker rows 100 set search_path = ''
as $$
begin
  if search_products.query is null or char_length(search_products.query) > 1000 then
    raise exception 'query must have at most 1,000 characters' using errcode = 'invalid_parameter_value';
  end if;
  return query
    select p.* from private.products_with(search_products.query) w join public.products p on p.id = w.product_id
    order by w.rank desc, p.id;
end $$;
comment on function public.search_products(text) is
  'Products with all these words in name, article number or description, best first; "a phrase", or, and -word as in a web '
  'search. Rows of the table products: filter, sort, select and page them in the same way. Runs as the caller.';
grant execute on function private.products_with(text), public.search_products(text) to anon, authenticated, service_role;

create table reviews (
  id uuid primary key default gen_random_uuid(),
  product uuid not null references public.products (id) on delete cascade,
  author uuid not null default auth.uid(),
  stars smallint not null check (stars between 1 and 5),
  text text not null default '' check (char_length(text) <= 2000),
  is_public boolean not null default false,
  created_at timestamptz not null default now(),
  unique (product, author)
);
create index reviews_author_idx on reviews (author);
alter table reviews enable row level security, force row level security;
revoke all on reviews from public, anon, authenticated;
grant select on reviews to anon;
grant select, insert, update, delete on reviews to authenticated;

create policy "visitors read public reviews" on reviews for select to anon using (is_public);
create policy "people read public reviews and their own" on reviews
  for select to authenticated using (is_public or author = (select auth.uid()));
create policy "people write their own reviews" on reviews
  for insert to authenticated with check (author = (select auth.uid()));
create policy "people change their own reviews" on reviews
  for update to authenticated using (author = (select auth.uid())) with check (author = (select auth.uid()));
create policy "people delete their own reviews" on reviews
  for delete to authenticated using (author = (select auth.uid()));

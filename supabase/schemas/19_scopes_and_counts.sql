-- What a caller may search, and how much that is.
--
-- Search asks private.search_scopes() for the caller's scopes and compares scope_id with them. How many chunks and
-- tokens a scope has decides how to search it, and BM25 needs both: they are kept as a ledger, to which each writer
-- adds a row without waiting for others. The worker sums the rows up now and then, and repairs them should they ever be
-- wrong.

create table private.chunk_counts (
  id bigint primary key generated always as identity,
  scope_id uuid not null,
  chunks bigint not null,
  tokens bigint not null
);
create index chunk_counts_scope_id_idx on private.chunk_counts (scope_id) include (chunks, tokens);
alter table private.chunk_counts enable row level security, force row level security;

comment on table private.chunk_counts is 'Chunks and tokens of each scope, as changes to be summed up.';
comment on column private.chunk_counts.id is 'The change.';
comment on column private.chunk_counts.scope_id is 'The scope.';
comment on column private.chunk_counts.chunks is 'Chunks added, less those removed.';
comment on column private.chunk_counts.tokens is 'Their tokens.';

create policy "functions alone use it" on private.chunk_counts for all to anon, authenticated using (false);

create function private.count_chunks() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into private.chunk_counts (scope_id, chunks, tokens)
    select n.scope_id, count(*), sum(n.token_count) from new_rows n group by n.scope_id;
  elsif tg_op = 'DELETE' then
    insert into private.chunk_counts (scope_id, chunks, tokens)
    select o.scope_id, -count(*), -sum(o.token_count) from old_rows o group by o.scope_id;
  else
    insert into private.chunk_counts (scope_id, chunks, tokens)
    select c.scope_id, sum(c.chunks), sum(c.tokens)
    from (
      select n.scope_id, 1 as chunks, n.token_count as tokens from new_rows n
      union all
      select o.scope_id, -1, -o.token_count from old_rows o) c
    group by c.scope_id
    having sum(c.chunks) <> 0 or sum(c.tokens) <> 0;
  end if;
  return null;
end $$;
comment on function private.count_chunks is 'Statement trigger on chunks: counts changes. Definer: writes the counts.';

create trigger count_new_chunks after insert on public.chunks
  referencing new table as new_rows for each statement execute function private.count_chunks();
create trigger count_changed_chunks after update on public.chunks
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_chunks();
create trigger count_removed_chunks after delete on public.chunks
  referencing old table as old_rows for each statement execute function private.count_chunks();

create function private.roll_up_chunk_counts() returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two that run at once take different rows.
  with several as (
    select p.scope_id from private.chunk_counts p group by p.scope_id having count(*) > 1
  ), taken as materialized (
    select p.id from private.chunk_counts p join several s using (scope_id) for update of p skip locked
  ), gone as (
    delete from private.chunk_counts p using taken t where p.id = t.id returning p.scope_id, p.chunks, p.tokens)
  insert into private.chunk_counts (scope_id, chunks, tokens)
  select g.scope_id, sum(g.chunks), sum(g.tokens) from gone g group by g.scope_id
  having sum(g.chunks) <> 0 or sum(g.tokens) <> 0;
end $$;
comment on function private.roll_up_chunk_counts is
  'Leaves one row a scope; the sums stay. Definer: the worker has no other right on the counts.';
grant execute on function private.roll_up_chunk_counts to tidegate_worker;

create function private.repair_chunk_counts() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  repaired bigint;
begin
  -- One statement has one snapshot: what others write meanwhile is in neither sum.
  insert into private.chunk_counts (scope_id, chunks, tokens)
  select d.scope_id, sum(d.chunks), sum(d.tokens)
  from (
    select c.scope_id, count(*) as chunks, sum(c.token_count) as tokens from public.chunks c group by c.scope_id
    union all
    select p.scope_id, -sum(p.chunks), -sum(p.tokens) from private.chunk_counts p group by p.scope_id) d
  group by d.scope_id
  having sum(d.chunks) <> 0 or sum(d.tokens) <> 0;
  get diagnostics repaired = row_count;
  return repaired;
end $$;
comment on function private.repair_chunk_counts is
  'Corrects wrong counts and returns of how many scopes; counts every chunk. Definer: as roll_up_chunk_counts.';
grant execute on function private.repair_chunk_counts to tidegate_worker;

create function private.search_scopes(kinds text[]) returns uuid[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select s.id from private.my_scopes() s (id)
    where case when s.id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')
               then 'products' else 'documents' end = any (kinds));
end $$;
comment on function private.search_scopes is 'The caller''s scopes that hold these kinds. PL/pgSQL caches plans.';

create function private.search_shares(kinds text[]) returns uuid[]
language plpgsql stable security invoker set search_path = pg_catalog, pg_temp
as $$
begin
  if 'documents' = any (kinds) and auth.uid() is not null then
    return array(select private.my_shared_documents());
  end if;
  return '{}';
end $$;
comment on function private.search_shares is 'Documents shared with the caller, where documents are searched.';

create function private.search_extent(scopes uuid[], shares uuid[], out chunks bigint, out tokens bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
  select coalesce(sum(c.chunks), 0), coalesce(sum(c.tokens), 0) into chunks, tokens
  from (
    select p.chunks, p.tokens from private.chunk_counts p where p.scope_id = any (scopes)
    union all
    select count(*), sum(s.token_count) from public.chunks s
    where s.source_id = any (shares) and not s.scope_id = any (scopes)) c;
end $$;
comment on function private.search_extent is
  'Chunks and tokens in these scopes and shared documents. Definer: called by the functions of search with those of '
  'the caller.';

grant execute on function private.search_scopes, private.search_shares to anon, authenticated, service_role;

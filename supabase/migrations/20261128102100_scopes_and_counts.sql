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

create function private.filtered_documents(wanted private.source_filter, most integer, look_ups integer)
returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  return query
    select d.id
    from (
      select x.id, x.front_matter, x.metadata, x.language, x.created_at, x.updated_at from public.documents x
      where wanted.organization_ids is null or x.organization_id = any (wanted.organization_ids)
      limit look_ups) d
    where (wanted.language is null or d.language ~ wanted.language)
      and (wanted.created is null or d.created_at <@ wanted.created)
      and (wanted.updated is null or d.updated_at <@ wanted.updated)
      and (wanted.contained is null or (d.front_matter || d.metadata) @> wanted.contained)
      and (wanted.conditions is null
           or jsonb_path_match_tz(d.front_matter || d.metadata, wanted.conditions, '{}', true))
    limit most;
end $$;
comment on function private.filtered_documents is
  'Documents of the caller that pass a filter, at most `most`, among `look_ups` that are looked at.';

create function private.filtered_products(wanted private.source_filter, most integer, look_ups integer)
returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  return query
    select p.id
    from (
      select x.id, x.metadata, x.language, x.created_at, x.updated_at
      from public.products x join public.categories c on c.id = x.category_id
      where (wanted.category is null or c.slug = wanted.category)
        and (wanted.price_min is null or x.price >= wanted.price_min)
        and (wanted.price_max is null or x.price <= wanted.price_max)
        and (wanted.in_stock is null or x.is_in_stock = wanted.in_stock)
      limit look_ups) p
    where (wanted.language is null or p.language ~ wanted.language)
      and (wanted.created is null or p.created_at <@ wanted.created)
      and (wanted.updated is null or p.updated_at <@ wanted.updated)
      and (wanted.contained is null or p.metadata @> wanted.contained)
      and (wanted.conditions is null or jsonb_path_match_tz(p.metadata, wanted.conditions, '{}', true))
    limit most;
end $$;
comment on function private.filtered_products is 'As private.filtered_documents, of products.';

create function private.passing_sources(candidates uuid[], wanted private.source_filter) returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
begin
  -- One by one: the planner, which does not know how few they are, would read all that the caller may read.
  if num_nonnulls(wanted.category, wanted.price_min, wanted.price_max, wanted.in_stock) = 0 then
    return query
      select d.id
      from (select distinct u.id from unnest(candidates) u (id)) u
      cross join lateral (
        select x.id, x.organization_id, x.front_matter || x.metadata as metadata, x.language, x.created_at, x.updated_at
        from public.documents x where x.id = u.id offset 0) d
      where (wanted.organization_ids is null or d.organization_id = any (wanted.organization_ids))
        and (wanted.document_ids is null or d.id = any (wanted.document_ids))
        and (wanted.language is null or d.language ~ wanted.language)
        and (wanted.created is null or d.created_at <@ wanted.created)
        and (wanted.updated is null or d.updated_at <@ wanted.updated)
        and (wanted.contained is null or d.metadata @> wanted.contained)
        and (wanted.conditions is null or jsonb_path_match_tz(d.metadata, wanted.conditions, '{}', true));
  end if;
  if num_nonnulls(wanted.organization_ids, wanted.document_ids) = 0 then
    return query
      select p.id
      from (select distinct u.id from unnest(candidates) u (id)) u
      cross join lateral (select x.* from public.products x where x.id = u.id offset 0) p
      join public.categories c on c.id = p.category_id
      where (wanted.category is null or c.slug = wanted.category)
        and (wanted.price_min is null or p.price >= wanted.price_min)
        and (wanted.price_max is null or p.price <= wanted.price_max)
        and (wanted.in_stock is null or p.is_in_stock = wanted.in_stock)
        and (wanted.language is null or p.language ~ wanted.language)
        and (wanted.created is null or p.created_at <@ wanted.created)
        and (wanted.updated is null or p.updated_at <@ wanted.updated)
        and (wanted.contained is null or p.metadata @> wanted.contained)
        and (wanted.conditions is null or jsonb_path_match_tz(p.metadata, wanted.conditions, '{}', true));
  end if;
end $$;
comment on function private.passing_sources is
  'Those of these documents and products that the caller may read and that pass a filter, about 5 microseconds each.';

create function private.filtered_sources(kinds text[], wanted private.source_filter, most integer, look_ups integer)
returns setof uuid
language plpgsql stable security invoker rows 100 set search_path = pg_catalog, pg_temp
as $$
begin
  if wanted.document_ids is not null then
    return query select p.id from private.passing_sources(wanted.document_ids, wanted) p (id) limit most;
    return;
  end if;
  if 'documents' = any (kinds) then
    return query select private.filtered_documents(wanted, most, look_ups);
  end if;
  if 'products' = any (kinds) then
    return query select private.filtered_products(wanted, most, look_ups);
  end if;
end $$;
comment on function private.filtered_sources is
  'Documents and products of the caller that pass a filter, at most `most` of each kind among `look_ups` that are '
  'looked at.';

grant execute on function
  private.search_scopes, private.search_shares, private.filtered_documents, private.filtered_products,
  private.passing_sources, private.filtered_sources
  to anon, authenticated, service_role;

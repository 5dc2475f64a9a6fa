-- Purpose: how many passages each audience holds, known without counting them.
-- Undo: drop the three count_… triggers on public.chunks; drop the functions below; drop table private.passage_counts.
set local lock_timeout = '10s';
set local statement_timeout = '10min';

create table private.passage_counts (
  id bigint primary key generated always as identity,
  scope_id uuid not null,
  passages bigint not null,
  tokens bigint not null
);
create index passage_counts_scope_id_idx on private.passage_counts (scope_id) include (passages, tokens);
alter table private.passage_counts enable row level security;
alter table private.passage_counts force row level security;
create policy "functions alone use it" on private.passage_counts for all to anon, authenticated using (false);

comment on table private.passage_counts is
  'Passages and tokens of each audience, as changes to be summed: every writer adds a row and waits for nobody. The worker '
  'adds them up now and then.';
comment on column private.passage_counts.id is 'The change.';
comment on column private.passage_counts.scope_id is 'The audience.';
comment on column private.passage_counts.passages is 'Passages that came, less those that went.';
comment on column private.passage_counts.tokens is 'The same of their tokens.';

create function private.count_new_passages() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select n.scope_id, count(*), sum(n.token_count) from new_rows n group by n.scope_id;
  return null;
end $$;
comment on function private.count_new_passages() is 'Statement trigger on chunks. Definer: nobody else writes the counts.';

create function private.count_changed_passages() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select c.scope_id, sum(c.passages), sum(c.tokens)
  from (
    select n.scope_id, 1 as passages, n.token_count as tokens from new_rows n
    union all
    select o.scope_id, -1, -o.token_count from old_rows o) c
  group by c.scope_id
  having sum(c.passages) <> 0 or sum(c.tokens) <> 0;
  return null;
end $$;
comment on function private.count_changed_passages() is 'Statement trigger on chunks, as count_new_passages. Definer: likewise.';

create function private.count_removed_passages() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into private.passage_counts (scope_id, passages, tokens)
  select o.scope_id, -count(*), -sum(o.token_count) from old_rows o group by o.scope_id;
  return null;
end $$;
comment on function private.count_removed_passages() is 'Statement trigger on chunks, as count_new_passages. Definer: likewise.';

-- Nobody writes between the count of what is there and the triggers.
lock table public.chunks in share row exclusive mode;
create trigger count_new_passages after insert on public.chunks
  referencing new table as new_rows for each statement execute function private.count_new_passages();
create trigger count_changed_passages after update on public.chunks
  referencing old table as old_rows new table as new_rows
  for each statement execute function private.count_changed_passages();
create trigger count_removed_passages after delete on public.chunks
  referencing old table as old_rows for each statement execute function private.count_removed_passages();
insert into private.passage_counts (scope_id, passages, tokens)
select c.scope_id, count(*), sum(c.token_count) from public.chunks c group by c.scope_id;

create function private.add_up_passage_counts() returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  -- Of two that add up at once, each takes the rows that the other has not.
  with several as (
    select p.scope_id from private.passage_counts p group by p.scope_id having count(*) > 1
  ), taken as materialized (
    select p.id from private.passage_counts p join several s using (scope_id) for update of p skip locked
  ), gone as (
    delete from private.passage_counts p using taken t where p.id = t.id returning p.scope_id, p.passages, p.tokens)
  insert into private.passage_counts (scope_id, passages, tokens)
  select g.scope_id, sum(g.passages), sum(g.tokens) from gone g group by g.scope_id
  having sum(g.passages) <> 0 or sum(g.tokens) <> 0;
end $$;
comment on function private.add_up_passage_counts() is
  'Leaves one row an audience; the sums stay. Definer: the worker has no other right to the counts.';
grant execute on function private.add_up_passage_counts() to tidegate_worker;

create function private.repair_passage_counts() returns bigint
language plpgsql volatile security definer set search_path = ''
as $$
declare
  repaired bigint;
begin
  -- One statement, so one snapshot: what others write meanwhile is in neither sum.
  insert into private.passage_counts (scope_id, passages, tokens)
  select d.scope_id, sum(d.passages), sum(d.tokens)
  from (
    select c.scope_id, count(*) as passages, sum(c.token_count) as tokens from public.chunks c group by c.scope_id
    union all
    select p.scope_id, -sum(p.passages), -sum(p.tokens) from private.passage_counts p group by p.scope_id) d
  group by d.scope_id
  having sum(d.passages) <> 0 or sum(d.tokens) <> 0;
  get diagnostics repaired = row_count;
  return repaired;
end $$;
comment on function private.repair_passage_counts() is
  'Corrects the counts of audiences where they are wrong, and says of how many; it counts every passage. Definer: as '
  'add_up_passage_counts.';
grant execute on function private.repair_passage_counts() to tidegate_worker;

-- Purpose: what may be set differently is a table. PostgreSQL lets superusers alone keep settings of an extension's own
-- (alter database … set tidegate.semantic_weight), and a hosted project has no superuser.
-- Undo: create semantic_weight, co_purchase_weight and comparison_limit as they were; drop table private.settings.
set local lock_timeout = '10s';
set local statement_timeout = '60s';

create table private.settings (
  is_only boolean primary key default true check (is_only),
  semantic_weight double precision check (semantic_weight between 0 and 1),
  co_purchase_weight double precision check (co_purchase_weight between 0 and 1),
  comparison_limit integer check (comparison_limit >= 0)
);
alter table private.settings enable row level security;
alter table private.settings force row level security;
create policy "functions alone use it" on private.settings for all to anon, authenticated using (false);
insert into private.settings default values;

comment on table private.settings is
  'What may be set differently, one row; null is the default. From the next statement on: update private.settings set … . '
  'What a superuser gave the database by the same name goes first: alter database … reset tidegate.semantic_weight.';
comment on column private.settings.is_only is 'True: there is one row.';
comment on column private.settings.semantic_weight is 'As private.semantic_weight() says.';
comment on column private.settings.co_purchase_weight is 'As private.co_purchase_weight() says.';
comment on column private.settings.comparison_limit is 'As private.comparison_limit() says.';

create or replace function private.semantic_weight() returns double precision
language sql stable security definer set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('tidegate.semantic_weight', true), '')::double precision,
    (select s.semantic_weight from private.settings s), 0.6)
$$;
comment on function private.semantic_weight() is
  'What meaning counts in a hybrid search; words count the rest. 0.6 unless private.settings says otherwise, or, for a '
  'session that tries something, set tidegate.semantic_weight. Definer: reads the settings.';

create or replace function private.co_purchase_weight() returns double precision
language sql stable security definer set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('tidegate.co_purchase_weight', true), '')::double precision,
    (select s.co_purchase_weight from private.settings s), 0.8)
$$;
comment on function private.co_purchase_weight() is
  'What buying together counts in a recommendation; likeness to the person''s taste counts the rest. 0.8, measured by '
  'tests/bench/recommendations.py, unless private.settings says otherwise, or, for a session that tries something, '
  'set tidegate.co_purchase_weight. Definer: reads the settings.';

create or replace function private.comparison_limit() returns integer
language sql stable security definer set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('tidegate.comparison_limit', true), '')::integer,
    (select s.comparison_limit from private.settings s), 1000000)
$$;
comment on function private.comparison_limit() is
  'Visible passages up to which a question that has gone astray is compared with all of them: a million, 0.7 s, unless '
  'private.settings says otherwise, or, for a session that tries something, set tidegate.comparison_limit. Beyond it, walks '
  'find .97. Definer: reads the settings.';

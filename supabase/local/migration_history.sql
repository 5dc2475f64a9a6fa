-- The history table of the Supabase CLI, column by column, so that `supabase db push` and the local runner agree.
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
alter table supabase_migrations.schema_migrations
  add column if not exists statements text[],
  add column if not exists name text,
  add column if not exists created_by text,
  add column if not exists idempotency_key text,
  add column if not exists rollback text[];
create unique index if not exists schema_migrations_idempotency_key_idx
  on supabase_migrations.schema_migrations (idempotency_key);

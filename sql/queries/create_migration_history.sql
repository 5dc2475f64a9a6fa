-- The history table of the Supabase CLI, column by column, so that `supabase db push` and the local runner agree.
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
  version text not null primary key,
  statements text[],
  name text
);

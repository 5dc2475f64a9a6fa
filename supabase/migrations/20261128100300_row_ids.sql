-- Ids of chunks, interactions and scope indexes, which people can read.
--
-- A plain sequence would tell a reader how many rows others write. These ids tell when a row was made and nothing else:
-- the millisecond, then twelve bits that are a counter, shuffled by a secret permutation that differs for every
-- millisecond. They grow with time, so that indexes fill from the right, and stay below 2^53, so that JavaScript reads
-- them exactly.

create table private.secrets (
  name text primary key check (name ~ '^[a-z]+(_[a-z]+)*$'),
  value bytea not null check (octet_length(value) >= 32)
);
alter table private.secrets enable row level security, force row level security;

comment on table private.secrets is 'Keys that never leave the database. Changing one is harmless.';
comment on column private.secrets.name is 'Name of the key.';
comment on column private.secrets.value is 'The key: 32 random bytes.';

create policy "functions alone use it" on private.secrets for all to anon, authenticated using (false);

insert into private.secrets (name, value)
values ('row_ids', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

create sequence private.row_numbers as bigint;
comment on sequence private.row_numbers is 'Distinguishes rows of one millisecond. Its values are never shown.';

create function private.row_id_tables(milliseconds bigint) returns bytea
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
  hash bytea;
  tables bytea := '';
begin
  select sha512(s.value || int8send(milliseconds)) into strict hash from private.secrets s where s.name = 'row_ids';
  for round in 1..3 loop
    tables := tables || hash;
    hash := sha512(hash);
  end loop;
  return tables;
end $$;
comment on function private.row_id_tables is
  'The three round tables of private.shuffled for one millisecond, 64 random bytes each. Definer: reads the key.';

create function private.shuffled(number integer, tables bytea) returns integer
language plpgsql immutable strict security invoker set search_path = pg_catalog, pg_temp
as $$
declare
  high integer := (number >> 6) & 63;
  low integer := number & 63;
begin
  high := high # (get_byte(tables, low) & 63);
  low := low # (get_byte(tables, 64 + high) & 63);
  high := high # (get_byte(tables, 128 + low) & 63);
  return (high << 6) | low;
end $$;
comment on function private.shuffled is
  'Permutes the numbers 0 to 4,095: a Feistel network of three rounds, whose round functions are the tables (Luby and '
  'Rackoff, How to construct pseudorandom permutations from pseudorandom functions, 1988).';

create function private.new_row_id() returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  -- Since 2026. Not now(): one statement may insert more rows than a millisecond has numbers for.
  milliseconds constant bigint := floor(date_part('epoch', clock_timestamp()) * 1000)::bigint - 1767225600000;
  kept constant text := current_setting('tidegate.row_ids', true);
  tables bytea;
begin
  -- A bulk insert makes twenty rows or more a millisecond, so the tables are cached in the transaction.
  if split_part(kept, ':', 1) = milliseconds::text then
    tables := decode(split_part(kept, ':', 2), 'hex');
  else
    tables := private.row_id_tables(milliseconds);
    perform set_config('tidegate.row_ids', milliseconds || ':' || encode(tables, 'hex'), true);
  end if;
  return (milliseconds << 12) | private.shuffled((nextval('private.row_numbers') & 4095)::integer, tables);
end $$;
comment on function private.new_row_id is
  'An id that grows with time and stays below 2^53 until 2095; unique for up to 4,096 rows a millisecond. Two ids do '
  'not tell how many were made between them. Definer: reads the sequence and the key.';
grant execute on function private.new_row_id to authenticated, service_role, tidegate_worker;

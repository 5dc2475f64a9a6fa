-- Purpose: the embedding queue takes turns. Each owner or organization has a flow of short texts and one of long texts, and
--   the flows share the worker by start-time fair queueing (Goyal, Vin and Cheng 1996): a text's turn begins where the
--   flow's last waiting text ends, but not before the turn that is served now. Whoever writes one sentence comes next,
--   however much others wait for. A long text is embedded in pieces, and each piece moves its turn on.
-- Undo: drop table private.staged_embeddings; restore private.enqueue_embeddings of 20261122230700; drop the columns
--   tenant_id, is_short and turn_ends of private.embedding_jobs; drop function private.embedding_seconds(bigint).
set local lock_timeout = '10s';
set local statement_timeout = '60s';

alter table private.embedding_jobs
  add column tenant_id uuid not null default '00000000-0000-0000-0000-000000000000',
  add column is_short boolean not null default true,
  add column turn_ends timestamptz not null default now();

comment on column private.embedding_jobs.turn is
  'Where the source''s next piece stands in the order of work: a virtual time, compared with other turns only.';
comment on column private.embedding_jobs.tenant_id is
  'Whose turn it is: the organization of the document, else its owner; all zeros for products.';
comment on column private.embedding_jobs.is_short is
  'At most 4,000 bytes. Short and long texts of a tenant take turns too, so that a sentence does not wait for a book.';
comment on column private.embedding_jobs.turn_ends is
  'The turn plus the seconds that the source takes: the tenant''s next text of the kind begins here.';

create function private.embedding_seconds(bytes bigint) returns double precision
language sql immutable parallel safe security invoker set search_path = pg_catalog, pg_temp
as $$ select 0.02 + 0.00003 * bytes $$;
comment on function private.embedding_seconds(bigint) is 'About the time that embedding a text takes: 20 ms, and 30 ms a kilobyte.';
revoke all on function private.embedding_seconds(bigint) from public;
grant execute on function private.embedding_seconds(bigint) to tidegate_worker;

update private.embedding_jobs j
set tenant_id = coalesce(s.tenant_id, j.tenant_id), is_short = s.bytes <= 4000,
    turn_ends = j.turn + make_interval(secs => private.embedding_seconds(s.bytes))
from (
  select d.id, coalesce(d.organization_id, d.owner_id) as tenant_id, octet_length(d.content) as bytes from public.documents d
  union all
  select p.id, null, octet_length(p.description) from public.products p) s
where s.id = j.source_id;

-- The end of a tenant's flow; and the short texts alone, for which a worker looks while it is at work on something else.
-- The table holds only what waits: it is locked for a moment.
create index embedding_jobs_tenant_id_idx on private.embedding_jobs (tenant_id, is_short, turn_ends)
  where parked_at is null;
create index embedding_jobs_short_turn_idx on private.embedding_jobs (turn, revision) where parked_at is null and is_short;

grant select (tenant_id, is_short, turn_ends) on private.embedding_jobs to tidegate_worker;
grant update (turn, turn_ends) on private.embedding_jobs to tidegate_worker;

-- Long texts in pieces ---------------------------------------------------------------------------------------------

create table private.staged_embeddings (
  source_id uuid not null references private.embedding_jobs (source_id) on delete cascade,
  model_id smallint not null,
  input_hash bytea not null,
  embedding extensions.halfvec not null,
  primary key (source_id, model_id, input_hash)
);
alter table private.staged_embeddings enable row level security;
alter table private.staged_embeddings force row level security;

comment on table private.staged_embeddings is
  'Vectors of a long text that is embedded in pieces, until all are there: its passages become searchable together. A '
  'worker that dies loses one piece.';
comment on column private.staged_embeddings.source_id is 'The document or the product; the row goes with its job.';
comment on column private.staged_embeddings.model_id is 'The model that made the vector.';
comment on column private.staged_embeddings.input_hash is 'SHA-256 of what was embedded, as in chunks.';
comment on column private.staged_embeddings.embedding is 'The vector.';

grant select (source_id, model_id, input_hash, embedding), insert (source_id, model_id, input_hash, embedding)
  on private.staged_embeddings to tidegate_worker;
create policy "the worker reads what it has staged" on private.staged_embeddings
  for select to tidegate_worker using (true);
create policy "the worker stages vectors of jobs" on private.staged_embeddings
  for insert to tidegate_worker with check (true);

-- Turns ------------------------------------------------------------------------------------------------------------

create or replace function private.enqueue_embeddings(document_ids uuid[], product_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
  next_turn constant timestamptz := coalesce((
    select j.turn from private.embedding_jobs j
    where j.parked_at is null and j.available_at <= now()
    order by j.turn, j.revision limit 1), now());
begin
  if cardinality(document_ids) + cardinality(product_ids) = 0 then
    return;
  end if;
  -- In one order, so that two statements over the same sources queue instead of deadlocking. Nothing is locked for a
  -- tenant: two transactions that do not see each other get the same turns.
  insert into private.embedding_jobs as j (document_id, product_id, tenant_id, is_short, turn, turn_ends)
    with sources as materialized (
      select s.*, s.bytes <= 4000 as is_short, private.embedding_seconds(s.bytes) as seconds
      from (
        select d.id as document_id, null::uuid as product_id,
               coalesce(d.organization_id, d.owner_id, '00000000-0000-0000-0000-000000000000') as tenant_id,
               octet_length(d.content) as bytes
        from public.documents d where d.id = any (document_ids)
        union all
        select null, p.id, '00000000-0000-0000-0000-000000000000', octet_length(p.description)
        from public.products p where p.id = any (product_ids)) s
    ), flows as materialized (
      select f.tenant_id, f.is_short, greatest(next_turn, (
        select q.turn_ends from private.embedding_jobs q
        where q.parked_at is null and q.tenant_id = f.tenant_id and q.is_short = f.is_short
        order by q.turn_ends desc limit 1)) as begins
      from (select distinct s.tenant_id, s.is_short from sources s) f
    )
    select s.document_id, s.product_id, s.tenant_id, s.is_short,
           f.begins + make_interval(secs => sum(s.seconds) over w - s.seconds),
           f.begins + make_interval(secs => sum(s.seconds) over w)
    from sources s join flows f on f.tenant_id = s.tenant_id and f.is_short = s.is_short
    window w as (partition by s.tenant_id, s.is_short order by s.seconds, s.document_id, s.product_id)
    order by s.document_id, s.product_id
  on conflict (source_id) do update
    set revision = nextval('private.embedding_job_revisions'),
        attempts = 0, available_at = now(), parked_at = null, last_error = null,
        tenant_id = excluded.tenant_id, is_short = excluded.is_short,
        -- What waits keeps its place, unless it takes longer now: what was taken has had its turn.
        (turn, turn_ends) = (
          select t.turn, t.turn_ends
          from (values (j.turn, j.turn_ends, true), (excluded.turn, excluded.turn_ends, false)) t (turn, turn_ends, is_kept)
          where t.is_kept = (
            j.attempts = 0 and j.parked_at is null and j.tenant_id = excluded.tenant_id and j.is_short = excluded.is_short
            and j.turn_ends - j.turn + interval '1 ms' >= excluded.turn_ends - excluded.turn));
  perform pg_catalog.pg_notify('embedding_jobs', '');
end $$;
comment on function private.enqueue_embeddings(uuid[], uuid[]) is
  'Notes documents and products to embed, afresh when already noted, gives each its turn, and wakes the worker. Definer: '
  'people write the texts, not the queue.';

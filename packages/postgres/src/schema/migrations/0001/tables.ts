// Migration 1, the ground: one row of facts about the cluster, the doorbell, channels and their log.

/** `@schema@` stands for the quoted schema, `@unlogged@` for `unlogged` or nothing. */
export const tables = `
create table meta (
  one boolean primary key default true check (one),
  version int not null,
  -- Processes older than this are refused; see migrate.ts.
  min_compatible int not null,
  durability text not null check (durability in ('durable', 'unlogged')),
  -- The physical name of the doorbell. NOTIFY has no access control: whoever knows it could listen
  -- and ring, so it is random and readable for the layer's role only.
  doorbell text not null,
  -- Advisory locks: (lock_class, 0) the batch lock, (lock_class, 1) the relay, (lock_class, 2)
  -- housekeeping, (lock_class + 1, incarnation) one living process.
  lock_class int not null,
  -- Part of every epoch on the wire: renewed when this may be another server, or one that lost
  -- what it had announced.
  generation text not null,
  system_id text not null,
  timeline text not null,
  -- The part of the log that is written now, and since when.
  slot smallint not null default 0,
  slot_since timestamptz not null default now()
);

-- Drawn under the batch lock by everything that rings, so numbers are in the order of commits.
create sequence doorbell_seq;

create table channel (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  epoch bigint not null default random_bigint(),
  max_history int not null,
  ttl_ms bigint,
  explicit boolean not null,
  -- The highest offset hidden from history for good.
  floor bigint not null default 0,
  -- The highest offset that is no longer in the log.
  top bigint not null default 0,
  -- When that was written last; what is older is idle.
  used timestamptz not null default now()
);
create index on channel (used);

-- Never updated and never deleted from: a slot is emptied as a whole. A row of a negative channel
-- is a publisher's mark that a batch was stored, with the batch's answer as its body.
create table log (
  slot smallint not null,
  channel_id bigint not null,
  "offset" bigint not null,
  ts double precision not null,
  sender text,
  id text,
  body text,
  body_id bigint
) partition by list (slot);

-- Bodies that many rows of a slot share: a group's message.
create sequence shared_body_seq;
create table shared_body (slot smallint not null, id bigint not null, body text not null)
  partition by list (slot);

-- Compressing takes longer than writing what it saves, and what is written soon goes again.
alter table log alter column body set storage external;
alter table shared_body alter column body set storage external;

${[0, 1, 2, 3]
  .map(
    (slot) => `
create @unlogged@ table log_${slot} partition of log for values in (${slot})
  with (autovacuum_enabled = off, toast.autovacuum_enabled = off);
create unique index on log_${slot} (channel_id, "offset");
create @unlogged@ table shared_body_${slot} partition of shared_body for values in (${slot})
  with (autovacuum_enabled = off, toast.autovacuum_enabled = off);
create unique index on shared_body_${slot} (id);
`,
  )
  .join('')}

-- What history still shows of slots that were emptied.
create @unlogged@ table kept (
  channel_id bigint not null,
  "offset" bigint not null,
  ts double precision not null,
  sender text,
  id text,
  body text not null,
  primary key (channel_id, "offset")
);

-- Empty after a crash if the log is unlogged, and then so is the log.
create @unlogged@ table log_life (one boolean primary key);
insert into log_life values (true);

create @unlogged@ table idempotency (
  channel_id bigint not null,
  id text collate "C" not null,
  "offset" bigint not null,
  ts double precision not null,
  sender text,
  body text not null,
  at timestamptz not null default now(),
  primary key (channel_id, id)
);
create index on idempotency (at);

-- Who may append: a publisher that returns raises its token under the batch lock, which fences
-- what its lost connection may still have sent.
create table publisher (
  id int generated always as identity primary key,
  token int not null default 1,
  since timestamptz not null default now()
);
create index on publisher (since);
`

/** Runs before the tables: what their defaults need. */
export const randomness = `
create function random_bigint() returns bigint language sql volatile
  set search_path = pg_catalog, pg_temp
  as $$ select ('x' || left(md5(gen_random_uuid()::text), 16))::bit(64)::bigint $$;
create function random_text(length int) returns text language sql volatile
  set search_path = pg_catalog, pg_temp
  as $$ select left(md5(gen_random_uuid()::text) || md5(gen_random_uuid()::text), length) $$;
`

/** What every writing function begins and ends with. */
export const writing = `
-- This server's identity is what meta says, or an epoch could name other messages than announced.
create function current_timeline() returns text language sql volatile
  set search_path = pg_catalog, pg_temp
  as $$ select left(pg_walfile_name(pg_current_wal_lsn()), 8) $$;

-- The batch lock, held until the transaction ends. State is read in later statements, which see
-- what the previous holder committed.
create function begin_write() returns meta language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
declare
  facts meta;
begin
  perform set_config('lock_timeout', '3500ms', true);
  select * into strict facts from meta;
  if facts.durability = 'durable'
    and current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform pg_advisory_xact_lock(facts.lock_class, 0);
  select * into strict facts from meta;
  if facts.timeline <> left(pg_walfile_name(pg_current_wal_lsn()), 8) then
    raise exception 'this server is not the one that the epochs were announced by'
      using errcode = 'CH001';
  end if;
  if facts.durability = 'unlogged' and not exists (select from log_life) then
    raise exception 'the unlogged log was emptied by a crash' using errcode = 'CH001';
  end if;
  return facts;
end $$;

-- One doorbell. 'remaining' counts the doorbells of the same number that follow.
create function ring(facts meta, number bigint, kind text, remaining int, content text)
  returns void language sql volatile set search_path = @schema@, pg_temp as $$
  select pg_notify(facts.doorbell,
    kind || chr(31) || number || chr(31) || remaining || chr(31) || facts.generation || chr(30)
      || content)
$$;
`

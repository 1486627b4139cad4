// Migration 1, leases: which processes there are, and how one that died is taken out of everything.

/** Needs `meta` and `begin_write`. The functions call those of `presence`. */
export const lease = `
create sequence incarnation_seq as int;

-- A process that may hold something. It lives while the advisory lock (lock_class + 1, incarnation)
-- is held by its LISTEN session; each connection takes a new incarnation.
create table node (
  id int generated always as identity primary key,
  -- Chosen by the process, so that one which never heard its id finds its row again.
  process text collate "C" not null unique,
  incarnation int not null,
  generation text not null,
  since timestamptz not null default now()
);

-- The last batch of each process's operations, with its answers: a batch whose answer was lost is
-- asked for, never sent twice, and an old one that comes late is refused. Apart from 'node', which
-- every process reads several times a second.
create table node_batch (
  node int primary key,
  number bigint not null default 0,
  as_of bigint not null default 0,
  -- Null: it was not applied and never will be.
  answers text default ''
) with (fillfactor = 40);

-- The doorbell number last drawn; 0 before the first.
create function drawn_number() returns bigint language sql volatile
  set search_path = @schema@, pg_temp as $$
  select case when is_called then last_value else 0 end from doorbell_seq
$$;

-- Begins an incarnation on this session. Not 'kept': the database cannot vouch for what the process
-- had put, because it was taken out or this is another server.
create function enter(p_process text)
  returns table (node_id int, incarnation int, kept boolean) language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
#variable_conflict use_column
declare
  facts meta;
  known node;
  number int;
begin
  facts := begin_write();
  -- The lock comes before the row is seen. One that stays behind in a failed call names nobody.
  loop
    number := nextval('incarnation_seq');
    exit when pg_try_advisory_lock(facts.lock_class + 1, number);
  end loop;
  -- Versions of presence never go back, not even on a standby that had not got the latest of them:
  -- they begin at the time in microseconds, and nobody changes that often.
  perform setval('presence_version_seq', greatest(nextval('presence_version_seq'),
    (extract(epoch from clock_timestamp()) * 1000000)::bigint));
  select * into known from node where process = p_process;
  if found then
    update node set incarnation = number, generation = facts.generation where id = known.id;
    return query select known.id, number, known.generation = facts.generation;
  else
    insert into node (process, incarnation, generation)
      values (p_process, number, facts.generation) returning * into known;
    insert into node_batch (node) values (known.id);
    return query select known.id, number, false;
  end if;
end $$;

-- What an observer sees: the doorbell number last drawn, and every process with whether its lock is
-- held. Takes no transaction id.
create function observe(out drawn bigint, out nodes int[], out incarnations int[], out held boolean[])
  language plpgsql stable set search_path = @schema@, pg_temp as $$
begin
  drawn := drawn_number();
  -- The rows are of an older snapshot than the locks, never of a newer one, and a lock is taken
  -- before its row is written: a living process is never seen without its lock.
  select array_agg(n.id), array_agg(n.incarnation), array_agg(l.key is not null)
    into nodes, incarnations, held
    from node n
    left join (
      select objid::int as key from pg_locks, meta
      where locktype = 'advisory' and granted and objsubid = 2
        and database = (select oid from pg_database where datname = current_database())
        and classid::int = lock_class + 1
    ) l on l.key = n.incarnation;
end $$;

-- Takes a node out of everything; who is present no more leaves. The batch lock is held.
create function end_node(facts meta, p_node int, p_kind text, p_reason text) returns void
  language plpgsql volatile set search_path = @schema@, pg_temp set enable_seqscan = off as $$
declare
  channels text[];
  users text[];
  times numeric[];
  metadatas text[];
begin
  delete from node where id = p_node;
  delete from node_batch where node = p_node;
  delete from interest where node = p_node;
  delete from group_hold where node = p_node;
  with released as (
    delete from hold where node = p_node returning channel, user_id
  ), gone as (
    delete from member m using (select distinct channel, user_id from released) r
      where m.channel = r.channel and m.user_id = r.user_id
        -- One statement, one snapshot: the released holds are still seen here.
        and not exists (select from hold h
          where h.channel = m.channel and h.user_id = m.user_id and h.node <> p_node)
      returning m.*
  )
  select array_agg(channel order by channel, seq), array_agg(user_id order by channel, seq),
      array_agg(joined_at order by channel, seq), array_agg(metadata order by channel, seq)
    into channels, users, times, metadatas from gone;
  perform ring_presence(facts, leaves(p_kind, p_reason, channels, users, times, metadatas));
end $$;

-- Ends a process whose lock is free. True for exactly one caller.
create function reap(p_node int, p_incarnation int) returns boolean
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  facts meta;
begin
  select * into strict facts from meta;
  -- Before the batch lock: of all who noticed, one waits for it.
  if not exists (select from node where id = p_node and incarnation = p_incarnation)
    or not pg_try_advisory_xact_lock(facts.lock_class + 1, p_incarnation) then
    return false;
  end if;
  facts := begin_write();
  -- It may have come back with another incarnation meanwhile.
  if not exists (select from node where id = p_node and incarnation = p_incarnation) then
    return false;
  end if;
  perform end_node(facts, p_node, 'reaped', 'timed-out');
  return true;
end $$;

-- A process says goodbye.
create function depart(p_process text) returns void
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  facts meta;
  its_node int;
begin
  facts := begin_write();
  select id into its_node from node where process = p_process;
  if found then
    perform end_node(facts, its_node, 'leave', 'disconnected');
  end if;
end $$;
`

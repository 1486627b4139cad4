// Migration 1, publishing inside somebody's transaction: rows wait in the outbox without a place,
// until relay.ts stores those that were committed.

/** The table, and what puts rows in: no lock, no counter, no NOTIFY. */
export const outbox = String.raw`
create table outbox (
  -- The transaction, drawn before the row's own id because it stands first: see relay_from. An id
  -- must not be drawn ahead either, so its sequence keeps a cache of one.
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity primary key,
  channel text collate "C" not null,
  body text not null,
  sender text,
  ts double precision not null default extract(epoch from clock_timestamp()),
  msg_id text,
  -- Null where whoever published names no limits, as 'publish' does.
  max_history int,
  ttl_ms bigint,
  explicit boolean not null default false
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_threshold = -1);

-- What could not be stored. See requeue_failed().
create table outbox_failed (
  id bigint primary key,
  channel text collate "C" not null,
  body text not null,
  sender text,
  ts double precision not null,
  msg_id text,
  max_history int,
  ttl_ms bigint,
  explicit boolean not null,
  failed_at timestamptz not null default now(),
  sqlstate text not null,
  error text not null
);

-- For everybody: psql, triggers, any language. A role needs USAGE on the schema and EXECUTE here.
-- The library, which has checked its values, inserts by itself.
create function publish(channel text, data jsonb, sender text default null)
  returns void language plpgsql volatile security definer
  set search_path = @schema@, pg_temp as $$
declare
  body text := data;
begin
  if channel is null or data is null then
    raise exception 'the % null', case when channel is null then 'channel is' else 'data are' end
      using errcode = '22004', hint = $hint$Name a channel, and give data: 'null'::jsonb is null.$hint$;
  end if;
  if octet_length(channel) not between 1 and 255 or octet_length(sender) not between 1 and 255 then
    raise exception 'the channel has % bytes, the sender %', octet_length(channel),
        coalesce(octet_length(sender)::text, 'none')
      using errcode = '22023', hint = 'Each may have 1 to 255 bytes; a sender may be null.';
  end if;
  if channel ~ '[\u0001-\u001f\u007f-\u009f]' or sender ~ '[\u0001-\u001f\u007f-\u009f]' then
    raise exception 'the channel or the sender contains a control character'
      using errcode = '22023', hint = 'Remove line breaks, tabs and other control characters.';
  end if;
  if octet_length(body) > 1048576 then
    raise exception 'the data have % bytes as text, the limit is 1048576', octet_length(body)
      using errcode = '22023', hint = 'Store large content elsewhere and publish a reference to it.';
  end if;
  insert into outbox (channel, body, sender) values (publish.channel, body, publish.sender);
end $$;

-- Puts back what could not be stored, under new ids: what came later may have been delivered.
create function requeue_failed() returns int language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
declare
  amount int;
begin
  with gone as (delete from outbox_failed returning *)
  insert into outbox (channel, body, sender, ts, msg_id, max_history, ttl_ms, explicit)
    select channel, body, sender, ts, msg_id, max_history, ttl_ms, explicit from gone order by id;
  get diagnostics amount = row_count;
  return amount;
end $$;
`

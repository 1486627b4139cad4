// Migration 1, the log's rotation: its slots are used in turn and emptied as a whole, after what
// history still shows of them was copied. One step per call, by one process at a time; where there is
// nothing to do, only reading, without a transaction id.

import { TOP_OF_C } from './publish.js'

const SLOTS = [0, 1, 2, 3]

/** Bytes of some slots, with indexes and large values: `log_0` and `shared_body_0` for slot 0. */
const bytesOf = (slots: readonly number[]) =>
  slots
    .flatMap((slot) => [`log_${slot}`, `shared_body_${slot}`])
    .map((table) => `pg_total_relation_size('${table}')`)
    .join(' + ')

/**
 * Tables that fill and empty like these have no statistics that hold, so plans are not left to them:
 * always through the index, a few rows at a time.
 */
export const STEADY = ['seqscan', 'hashjoin', 'mergejoin']
  .map((way) => `set enable_${way} = off`)
  .concat('set jit = off')
  .join(' ')

/** The log's slots. */
export const rotate = `
create table log_slot (
  slot smallint primary key,
  -- Since when it is written no more; null while it is empty, or written.
  left_at timestamptz,
  -- What happens to one that was left: keep (history is copied), settle (its channels remember
  -- their tops), empty.
  stage text not null default 'keep' check (stage in ('keep', 'settle', 'empty')),
  -- How far the stage is: the channel it goes on with, after this offset of it.
  at_channel bigint not null default 1,
  after_offset bigint not null default 0,
  -- When emptying may be tried, and how often something was in the way.
  try_at timestamptz,
  tries int not null default 0
);
insert into log_slot (slot) values ${SLOTS.map((slot) => `(${slot})`).join(', ')};

alter table kept set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

-- The next channels of a slot, or with null of kept, from one on.
create function next_channels(p_slot int, p_from bigint, p_limit int) returns bigint[]
  language plpgsql stable set search_path = @schema@, pg_temp ${STEADY}
  as $$
declare
  found bigint[];
begin
  -- From each to the next through the index, however many rows lie between.
  execute format($query$
    with recursive step (id) as (
      (select t.channel_id from %1$I t where t.channel_id >= $1 order by t.channel_id limit 1)
      union all
      select (select t.channel_id from %1$I t where t.channel_id > s.id
        order by t.channel_id limit 1)
      from step s where s.id is not null
    )
    select array_agg(s.id) from (select id from step where id is not null limit $2) s
  $query$, coalesce('log_' || p_slot, 'kept')) into found using p_from, p_limit;
  return coalesce(found, '{}');
end $$;

-- Copies what history may still show of some channels of a slot that was left, and removes what it
-- shows no more. Publishers are not in the way: they write to another slot and never to kept.
create function keep_step(s log_slot) returns void language plpgsql volatile
  set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  found_ids bigint[] := next_channels(s.slot, s.at_channel, 200);
  amount bigint;
  ids bigint[];
  afters bigint[];
  uptos bigint[];
begin
  -- Offsets have no holes, so it is known how many rows there are before they are read: enough
  -- channels for 2,000, the last one perhaps in part.
  execute format($query$
    with c as materialized (
      select c.id, greatest(c.floor, ${TOP_OF_C} - c.max_history,
          case when c.id = $2 then $3 end,
          (select l."offset" - 1 from %1$I l where l.channel_id = c.id
            order by l."offset" limit 1),
          -- Too old to be shown, up to the first that is not.
          case when c.ttl_ms is not null then coalesce(
            (select min(l."offset") - 1 from %1$I l where l.channel_id = c.id
              and l.ts >= extract(epoch from now()) - c.ttl_ms / 1000.0 - 60),
            9223372036854775807) end) as after,
          (select l."offset" from %1$I l where l.channel_id = c.id
            order by l."offset" desc limit 1) as upto
        from channel c where c.id = any ($1)
    ), counted as (
      select id, after, upto, greatest(0, upto - after) as rows,
          sum(greatest(0, upto - after)) over (order by id) as total from c
    )
    select (select max(total) from counted), array_agg(id order by id),
        array_agg(after order by id), array_agg(upto - greatest(0, total - 2000) order by id)
      from counted where total - rows < 2000
  $query$, 'log_' || s.slot) into amount, ids, afters, uptos
    using found_ids, s.at_channel, s.after_offset;

  execute format($query$
    insert into kept (channel_id, "offset", ts, sender, id, body)
      select l.channel_id, l."offset", l.ts, l.sender, l.id, coalesce(l.body,
          (select b.body from %2$I b where b.id = l.body_id))
        from unnest($1, $2, $3) as c(id, after, upto)
        join %1$I l on l.channel_id = c.id and l."offset" > c.after and l."offset" <= c.upto
      on conflict do nothing
  $query$, 'log_' || s.slot, 'shared_body_' || s.slot) using ids, afters, uptos;

  -- By the slot's top, not the channel's: what was shown a moment ago may be being read.
  delete from kept k using (
    select k.channel_id, k."offset" from unnest(ids, uptos) as u(id, upto)
      join channel c on c.id = u.id
      join kept k on k.channel_id = c.id and k."offset" <= greatest(c.floor, u.upto - c.max_history)
      limit 5000
  ) old where k.channel_id = old.channel_id and k."offset" = old."offset";

  if amount > 2000 then
    update log_slot set at_channel = ids[cardinality(ids)], after_offset = uptos[cardinality(ids)]
      where slot = s.slot;
  elsif cardinality(found_ids) = 200 then
    update log_slot set at_channel = found_ids[200] + 1, after_offset = 0 where slot = s.slot;
  else
    update log_slot set stage = 'settle', at_channel = 1, after_offset = 0 where slot = s.slot;
  end if;
end $$;

-- Some channels of a slot that was left: those that have nothing newer keep their top in their own
-- row, so that their next offset is right when the slot is empty.
create function settle_step(s log_slot, p_pause interval) returns void language plpgsql volatile
  set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  ids bigint[] := next_channels(s.slot, s.at_channel, 500);
  settled bigint[];
  tops bigint[];
begin
  select array_agg(t.id), array_agg(t.top) into settled, tops
    from (select c.id, c.top as known, ${TOP_OF_C} as top from channel c where c.id = any (ids)) t
    where t.top > t.known and not exists (
      select from log l where l.slot <> s.slot and l.channel_id = t.id and l."offset" = t.top);
  if settled is not null then
    -- All updates of channels are made under the batch lock, in whatever order.
    perform begin_write();
    update channel c set top = greatest(c.top, t.top), used = now()
      from unnest(settled, tops) as t(id, top) where c.id = t.id;
  end if;
  if cardinality(ids) = 500 then
    update log_slot set at_channel = ids[500] + 1 where slot = s.slot;
  else
    update log_slot set stage = 'empty', try_at = clock_timestamp() + p_pause, tries = 0
      where slot = s.slot;
  end if;
end $$;

-- Empties a slot, unless somebody holds a lock on it: then later. Publishers wait for the batch lock
-- meanwhile, for 50 ms at most, instead of behind a lock that waits for a dump.
create function empty_slot(s log_slot) returns boolean language plpgsql volatile
  set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  facts meta := begin_write();
begin
  begin
    perform set_config('lock_timeout', '50ms', true);
    -- A publisher may have lost the answer to its last batch, and ask for it.
    if s.left_at > now() - interval '60 s' then
      execute format($query$
        insert into log (slot, channel_id, "offset", ts, body)
          select $1, l.channel_id, l."offset",
              case when l.ts = 0 then extract(epoch from now()) else l.ts end, l.body
            from publisher p cross join lateral (
              select * from %1$I l where l.channel_id = -p.id order by l."offset" desc limit 1
            ) l
            where (l.ts = 0 or l.ts > extract(epoch from now()) - 60) and not exists (
              select from log o where o.slot <> $2 and o.channel_id = l.channel_id
                and o."offset" >= l."offset")
      $query$, 'log_' || s.slot) using facts.slot, s.slot;
    end if;
    execute format('truncate %I', 'log_' || s.slot);
    -- Truncating what is empty costs as much.
    if exists (select from shared_body b where b.slot = s.slot) then
      execute format('truncate %I', 'shared_body_' || s.slot);
    end if;
  exception when lock_not_available then
    update log_slot set tries = tries + 1,
        try_at = clock_timestamp() + least(30, 2 ^ least(tries, 5)) * interval '1 s'
      where slot = s.slot;
    return false;
  end;
  update log_slot set left_at = null, stage = 'keep', at_channel = 1, after_offset = 0,
    try_at = null, tries = 0 where slot = s.slot;
  return true;
end $$;

-- One step of the rotation: 'left' the current slot for the next one; 'kept', 'settled' or 'emptied'
-- something of the oldest; 'delayed' by a lock on it; 'busy', because another process is at it; or
-- 'nothing'. A slot is left after half of p_recovery_ms or at a third of p_recovery_bytes, and
-- emptied when all in it is older than p_recovery_ms or all slots exceed p_recovery_bytes.
create function rotate(p_recovery_ms bigint, p_recovery_bytes bigint) returns text
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  facts meta;
  oldest log_slot;
  next_slot int;
  leaves boolean;
  crowded boolean;
  due boolean;
  recovery interval := p_recovery_ms * interval '1 ms';
begin
  if p_recovery_ms < 1000 then
    raise exception 'the recovery tail of % ms is too short', p_recovery_ms
      using errcode = '22023', hint = 'Use at least 1000.';
  end if;
  for locked in 0..1 loop
    select * into strict facts from meta;
    select * into oldest from log_slot where left_at is not null order by left_at limit 1;
    next_slot := (facts.slot + 1) % ${SLOTS.length};
    leaves := (facts.slot_since < clock_timestamp() - recovery / 2
        or case facts.slot ${SLOTS.map((slot) => `when ${slot} then ${bytesOf([slot])}`).join(' ')} end
          > p_recovery_bytes / 3)
      and (select left_at is null from log_slot where slot = next_slot)
      and exists (select from log where slot = facts.slot);
    crowded := ${bytesOf(SLOTS)} > p_recovery_bytes;
    due := oldest.left_at is not null
      and (crowded or oldest.left_at < clock_timestamp() - recovery)
      and coalesce(oldest.try_at < clock_timestamp(), true);
    if not leaves and not due then return 'nothing'; end if;
    if locked = 0 and not pg_try_advisory_xact_lock(facts.lock_class, 2) then return 'busy'; end if;
  end loop;

  if leaves then
    perform begin_write();
    update log_slot set left_at = clock_timestamp() where slot = facts.slot;
    update meta set slot = next_slot, slot_since = clock_timestamp();
    return 'left';
  elsif oldest.stage = 'keep' then
    perform keep_step(oldest);
    return 'kept';
  elsif oldest.stage = 'settle' then
    -- Whoever asked what history shows before it was copied has read it by the time it is gone.
    perform settle_step(oldest, case when crowded then interval '250 ms'
      else least(interval '5 s', recovery / 10) end);
    return 'settled';
  end if;
  return case when empty_slot(oldest) then 'emptied' else 'delayed' end;
end $$;
`

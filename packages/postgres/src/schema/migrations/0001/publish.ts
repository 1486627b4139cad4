// Migration 1, publishing: a batch of messages gets its offsets, its rows and its doorbells in one
// transaction.

/** The newest offset of channel `c`: each slot is asked by its index, the rest is in `c.top`. */
export const TOP_OF_C = `greatest(c.top, ${[0, 1, 2, 3]
  .map(
    (slot) =>
      `(select l."offset" from log_${slot} l where l.channel_id = c.id order by l."offset" desc limit 1)`,
  )
  .join(', ')})`

/** The batch, and who may send it. */
export const publish = `
-- Makes channels that do not exist, and keeps limits that somebody named: the last one wins,
-- defaults only widen defaults (limitsInForce in core). The batch lock is held.
create function keep_limits(names text[], max_histories int[], ttls bigint[], explicits boolean[])
  returns void language plpgsql volatile set search_path = @schema@, pg_temp as $$
begin
  insert into channel (name, max_history, ttl_ms, explicit)
    select n.name, n.max_history, n.ttl, n.explicit
    from unnest(names, max_histories, ttls, explicits) as n(name, max_history, ttl, explicit)
    on conflict (name) do nothing;
  update channel c
    set max_history = n.max_history, ttl_ms = n.ttl, explicit = n.explicit,
      -- What the earlier limit had hidden stays hidden (floorAfterChange in core).
      floor = case when n.explicit then greatest(c.floor, ${TOP_OF_C} - c.max_history)
        else c.floor end
    from unnest(names, max_histories, ttls, explicits) as n(name, max_history, ttl, explicit)
    where c.name = n.name
      and case when n.explicit
        then (c.max_history, c.ttl_ms, c.explicit) is distinct from (n.max_history, n.ttl, true)
        else not c.explicit and n.max_history > c.max_history end;
end $$;

-- Limits that somebody names while reading, for a channel that exists.
create function change_limits(p_name text, p_max_history int, p_ttl bigint) returns void
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
begin
  perform begin_write();
  if exists (select from channel where name = p_name) then
    perform keep_limits(array[p_name], array[p_max_history], array[p_ttl], array[true]);
  end if;
end $$;

-- Stores messages in the order given and rings for them. 'channels' has each message's place in
-- 'names', 'pieces' the doorbell it goes with (from 1, never falling; negative if its body is too
-- large for one). With 'shared' all have that body. The batch lock is held.
-- Answers: generation GS, for each name epoch US top before US..., GS, for each duplicate
-- ord US offset US ts US sender US body. Records are separated by RS.
create function store(facts meta,
  names text[], max_histories int[], ttls bigint[], explicits boolean[],
  channels int[], bodies text[], senders text[], ids text[], times double precision[],
  pieces int[], shared text)
  returns text language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  found_ids bigint[];
  epochs text[];
  tops bigint[];
  settled boolean;
  fresh boolean[];
  shared_id bigint;
  duplicates text := '';
  number bigint := nextval('doorbell_seq');
begin
  for attempt in 1..2 loop
    select array_agg(c.id order by n.idx), array_agg(to_hex(c.epoch) order by n.idx),
        array_agg(${TOP_OF_C} order by n.idx),
        coalesce(bool_and(c.id is not null and case
          when n.explicit then
            (c.max_history, c.ttl_ms, c.explicit) is not distinct from (n.max_history, n.ttl, true)
          else c.explicit or c.max_history >= n.max_history end), false)
      into found_ids, epochs, tops, settled
      from unnest(names, max_histories, ttls, explicits)
        with ordinality as n(name, max_history, ttl, explicit, idx)
      left join channel c on c.name = n.name;
    exit when settled;
    perform keep_limits(names, max_histories, ttls, explicits);
  end loop;

  if cardinality(array_remove(ids, null)) > 0 then
    -- A message is fresh unless its id is known or an earlier one of this batch has it.
    select array_agg(m.id is null or (i.id is null and m.first = m.ord) order by m.ord)
      into fresh
      from (select m.*, min(m.ord) over (partition by m.ch, m.id) as first
        from unnest(channels, ids) with ordinality as m(ch, id, ord)) m
      left join idempotency i on i.channel_id = found_ids[m.ch] and i.id = m.id;
  end if;

  if shared is not null then
    shared_id := nextval('shared_body_seq');
    insert into shared_body values (facts.slot, shared_id, shared);
  end if;

  with message as materialized (
    select m.ord, m.piece, c.id as channel_id, c.name, c.epoch,
        c.top + row_number() over (partition by m.ch order by m.ord) as "offset",
        m.ts, m.sender, m.id, m.body
      from unnest(channels, bodies, senders, ids, times, pieces)
        with ordinality as m(ch, body, sender, id, ts, piece, ord)
      join unnest(found_ids, names, epochs, tops)
        with ordinality as c(id, name, epoch, top, idx) on c.idx = m.ch
      where fresh is null or fresh[m.ord]
  ), stored as (
    insert into log (slot, channel_id, "offset", ts, sender, id, body, body_id)
      select facts.slot, channel_id, "offset", ts, sender, id, body, shared_id from message
  ), remembered as (
    insert into idempotency (channel_id, id, "offset", ts, sender, body)
      select channel_id, id, "offset", ts, sender, coalesce(body, shared) from message
      where id is not null
  ), piece as (
    select abs(m.piece) as piece,
        case when shared is not null and min(m.piece) > 0 then 'G' else 'M' end as kind,
        case when shared is not null and min(m.piece) > 0 then
          concat(min(m.ts), chr(31), min(m.sender), chr(31), min(m.id), chr(31), shared, chr(30))
        end as head,
        string_agg(case when m.piece < 0 or shared is not null
          then concat(m."offset", chr(31), m.epoch, chr(31), m.name)
          else concat(m."offset", chr(31), m.epoch, chr(31), m.name, chr(31), m.ts, chr(31),
            m.sender, chr(31), m.id, chr(31), m.body)
          end, chr(30) order by m.ord) as content
      from message m group by abs(m.piece)
  )
  select count(ring(facts, number, kind, remaining::int, concat(head, content)))
    into number
    from (select kind, head, content, row_number() over (order by piece desc) - 1 as remaining
      from piece order by piece) p;

  if fresh is not null and not (true = all (fresh)) then
    select string_agg(concat(m.ord, chr(31), i."offset", chr(31), i.ts, chr(31), i.sender,
        chr(31), i.body), chr(30) order by m.ord)
      into duplicates
      from unnest(channels, ids) with ordinality as m(ch, id, ord)
      join idempotency i on i.channel_id = found_ids[m.ch] and i.id = m.id
      where not fresh[m.ord];
  end if;

  return concat(facts.generation, chr(29),
    (select string_agg(c.epoch || chr(31) || c.top, chr(30) order by c.idx)
      from unnest(epochs, tops) with ordinality as c(epoch, top, idx)),
    chr(29), duplicates);
end $$;

-- One batch of a publisher; see store. Text parameters are packed with RS, an empty sender or id
-- means none. The answer is kept with the batch, so that one sent again (its first answer was lost
-- with a connection) is recognised.
create function append(p_publisher int, p_token int, p_batch bigint, p_resent boolean,
  p_names text, p_max_histories int[], p_ttls bigint[], p_explicits boolean[],
  p_channels int[], p_bodies text, p_senders text, p_ids text, p_times double precision[],
  p_pieces int[], p_shared text)
  returns text language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  facts meta := begin_write();
  answer text;
begin
  if not exists (select from publisher where id = p_publisher and token = p_token) then
    raise exception 'publisher % is not known by this token', p_publisher using errcode = 'CH002';
  end if;
  if p_resent then
    select l.body into answer from log l
      where l.channel_id = -p_publisher and l."offset" = p_batch;
    if found then return answer; end if;
  end if;
  answer := store(facts, string_to_array(p_names, chr(30)), p_max_histories, p_ttls, p_explicits,
    p_channels, string_to_array(p_bodies, chr(30)), string_to_array(p_senders, chr(30), ''),
    string_to_array(p_ids, chr(30), ''), p_times, p_pieces, p_shared);
  insert into log (slot, channel_id, "offset", ts, body)
    values (facts.slot, -p_publisher, p_batch, 0, answer);
  return answer;
end $$;

-- A publisher's (re)connection. What its lost connection may still have sent is refused from here
-- on, and what that had under way has ended: the batch lock was free.
create function enter_publisher(p_publisher int) returns table (publisher int, token int)
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
#variable_conflict use_column
begin
  perform begin_write();
  if p_publisher is not null then
    return query update publisher p set token = p.token + 1, since = now()
      where p.id = p_publisher returning p.id, p.token;
    if found then return; end if;
  end if;
  return query insert into publisher default values returning id, token;
end $$;

-- Doorbells for messages that are not stored, separated by GS.
create function emit(p_contents text) returns void language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
declare
  facts meta;
begin
  select * into strict facts from meta;
  perform ring(facts, 0, 'E', 0, content)
    from unnest(string_to_array(p_contents, chr(29))) as content;
end $$;
`

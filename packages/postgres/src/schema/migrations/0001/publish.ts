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
-- 'names', 'nths' its place among those of its channel, 'pieces' the doorbell it goes with (from 1,
-- never falling; negative if its body is too large for one). With 'shared' all have that body. The
-- batch lock is held. Plain passes over arrays: joins and windows would copy every body many times.
-- Answers: generation GS, for each name epoch US top before US..., GS, for each duplicate
-- ord US offset US ts US sender US body. Records are separated by RS.
create function store(facts meta,
  names text[], max_histories int[], ttls bigint[], explicits boolean[],
  channels int[], nths int[], bodies text[], senders text[], ids text[], times double precision[],
  pieces int[], shared text)
  returns text language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  found_ids bigint[];
  epochs bigint[];
  tops bigint[];
  settled boolean;
  fresh boolean[];
  given_channels int[] := channels;
  given_ids text[] := ids;
  shared_id bigint;
  duplicates text := '';
  number bigint;
begin
  for attempt in 1..2 loop
    select array_agg(c.id order by n.idx), array_agg(c.epoch order by n.idx),
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
    if not (true = all (fresh)) then
      select array_agg(m.ch order by m.ord), array_agg(m.nth order by m.ord),
          array_agg(m.body order by m.ord), array_agg(m.sender order by m.ord),
          array_agg(m.id order by m.ord), array_agg(m.ts order by m.ord),
          array_agg(m.piece order by m.ord)
        into channels, nths, bodies, senders, ids, times, pieces
        from (select m.*, row_number() over (partition by m.ch order by m.ord)::int as nth
          from unnest(channels, bodies, senders, ids, times, pieces)
            with ordinality as m(ch, body, sender, id, ts, piece, ord)
          where fresh[m.ord]) m;
    end if;
  end if;

  if channels is not null then
    number := nextval('doorbell_seq');
    if shared is not null then
      shared_id := nextval('shared_body_seq');
      insert into shared_body values (facts.slot, shared_id, shared);
    end if;
    insert into log (slot, channel_id, "offset", ts, sender, id, body, body_id)
      select facts.slot, found_ids[m.ch], tops[m.ch] + m.nth, m.ts, m.sender, m.id, m.body,
          shared_id
        from unnest(channels, nths, bodies, senders, ids, times) as m(ch, nth, body, sender, id, ts);
    if fresh is not null then
      insert into idempotency (channel_id, id, "offset", ts, sender, body)
        select found_ids[m.ch], m.id, tops[m.ch] + m.nth, m.ts, m.sender, coalesce(m.body, shared)
          from unnest(channels, nths, bodies, senders, ids, times)
            as m(ch, nth, body, sender, id, ts)
          where m.id is not null;
    end if;
    -- As ring() does, but without a call for each doorbell.
    perform count(pg_notify(facts.doorbell, concat(p.kind, chr(31), number, chr(31), p.remaining,
        chr(31), facts.generation, chr(30), p.head, p.content)))
      from (
        select p.*, row_number() over (order by p.piece desc) - 1 as remaining
          from (
            select abs(m.piece) as piece,
                case when shared is not null and min(m.piece) > 0 then 'G' else 'M' end as kind,
                case when shared is not null and min(m.piece) > 0 then concat(min(m.ts), chr(31),
                  min(m.sender), chr(31), min(m.id), chr(31), shared, chr(30)) end as head,
                string_agg(case when m.piece < 0 or shared is not null
                  then concat(tops[m.ch] + m.nth, chr(31), to_hex(epochs[m.ch]), chr(31),
                    names[m.ch])
                  else concat(tops[m.ch] + m.nth, chr(31), to_hex(epochs[m.ch]), chr(31),
                    names[m.ch], chr(31), m.ts, chr(31), m.sender, chr(31), m.id, chr(31), m.body)
                  end, chr(30) order by m.ord) as content
              -- References need no bodies, and copying large ones takes its time.
              from unnest(channels, nths, case when 0 < any (pieces) then bodies end, senders, ids,
                  times, pieces)
                with ordinality as m(ch, nth, body, sender, id, ts, piece, ord)
              group by abs(m.piece)
          ) p
          order by p.piece
      ) p;
  end if;

  if fresh is not null and not (true = all (fresh)) then
    select string_agg(concat(m.ord, chr(31), i."offset", chr(31), i.ts, chr(31), i.sender,
        chr(31), i.body), chr(30) order by m.ord)
      into duplicates
      from unnest(given_channels, given_ids) with ordinality as m(ch, id, ord)
      join idempotency i on i.channel_id = found_ids[m.ch] and i.id = m.id
      where not fresh[m.ord];
  end if;

  return concat(facts.generation, chr(29),
    (select string_agg(to_hex(c.epoch) || chr(31) || c.top, chr(30) order by c.idx)
      from unnest(epochs, tops) with ordinality as c(epoch, top, idx)),
    chr(29), duplicates);
end $$;

-- One batch of a publisher; see store. The answer is kept with the batch, so that one sent again
-- (its first answer was lost with a connection) is recognised.
create function append(p_publisher int, p_token int, p_batch bigint, p_resent boolean,
  p_names text[], p_max_histories int[], p_ttls bigint[], p_explicits boolean[],
  p_channels int[], p_nths int[], p_bodies text[], p_senders text[], p_ids text[],
  p_times double precision[], p_pieces int[], p_shared text)
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
  answer := store(facts, p_names, p_max_histories, p_ttls, p_explicits, p_channels, p_nths,
    p_bodies, p_senders, p_ids, p_times, p_pieces, p_shared);
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

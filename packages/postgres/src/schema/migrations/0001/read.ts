// Migration 1, reading: where channels stand, what follows a position, what history shows. Functions,
// because their plans are kept per session, and planning would take longer than reading.

import { TOP_OF_C } from './publish.js'

/** The columns of a message `l` of whatever table, with the body found. */
const FROM_LOG = `
          select l."offset", l.ts, l.sender, l.id,
            coalesce(l.body, (select s.body from shared_body s
              where s.slot = l.slot and s.id = l.body_id)) as body
          from log l`
const FROM_KEPT = `
          select k."offset", k.ts, k.sender, k.id, k.body from kept k`

/** One plan for all parameters, and none so large that compiling it would pay. */
const STEADY = `stable set search_path = @schema@, pg_temp set jit = off
  set plan_cache_mode = force_generic_plan`

/** `kept` holds what history still shows of slots that were emptied; a row may be in both for a while. */
export const read = `
-- A row for each channel, in order.
create function standings(p_names text[])
  returns table (name text, epoch text, top double precision, version double precision)
  language plpgsql ${STEADY} as $$
#variable_conflict use_column
begin
  return query select n.name, to_hex(c.epoch) || '.' || m.generation,
      coalesce(${TOP_OF_C}, 0)::float8, coalesce(p.version, 0)::float8
    from meta m
    cross join unnest(p_names) with ordinality as n(name, idx)
    left join channel c on c.name = n.name
    left join presence_channel p on p.channel = n.name
    order by n.idx;
end $$;

-- Messages after positions, for each at most so many, the last one being the one that brings their
-- bodies to so many bytes. A channel that has none to give answers one row without a message.
create function read_log(p_names text[], p_epochs text[], p_after double precision[],
  p_limits int[], p_bytes int[])
  returns table (idx int, epoch text, top double precision, floor double precision,
    "offset" double precision, ts double precision, sender text, id text, body text)
  language plpgsql ${STEADY} as $$
#variable_conflict use_column
begin
  return query select q.idx::int, c.epoch, c.top::float8, coalesce(c.floor, 0)::float8,
      l."offset"::float8, l.ts, l.sender, l.id, l.body
    from meta m
    cross join unnest(p_names, p_epochs, p_after::bigint[], p_limits, p_bytes)
      with ordinality as q(name, epoch, after, count, bytes, idx)
    left join lateral (
      select c.id, to_hex(c.epoch) || '.' || m.generation as epoch, ${TOP_OF_C} as top, c.floor
      from channel c where c.name = q.name
    ) c on true
    left join lateral (
      select * from (
        select r.*, sum(octet_length(r.body)) over (order by r."offset") - octet_length(r.body)
          as earlier
        from (
          select distinct on (u."offset") u.* from (
            (${FROM_LOG} where l.channel_id = c.id and l."offset" > q.after
              order by l."offset" limit q.count)
            union all
            (${FROM_KEPT} where k.channel_id = c.id and k."offset" > q.after
              order by k."offset" limit q.count)
          ) u order by u."offset" limit q.count
        ) r
      ) r where r.earlier < q.bytes
    ) l on (q.epoch = c.epoch or (coalesce(q.epoch, '') = '' and q.after = 0))
    order by q.idx, l."offset";
end $$;

-- Where a channel stands, and what its history may show; no row for one that does not exist.
create function history_facts(p_name text)
  returns table (epoch text, top double precision, floor double precision, max_history int,
    ttl_ms double precision, explicit boolean)
  language plpgsql ${STEADY} as $$
#variable_conflict use_column
begin
  return query select to_hex(c.epoch) || '.' || m.generation, (${TOP_OF_C})::float8,
      c.floor::float8, c.max_history, c.ttl_ms::float8, c.explicit
    from meta m cross join channel c where c.name = p_name;
end $$;

-- The messages that history may show after one offset and up to another and not older than a time,
-- in order: at most so many, the last one being the one that brings their bodies to so many bytes.
-- Null is no bound. 'more' is whether there is one after it: one is looked for beyond the last, and
-- lengths are known without reading bodies.
create function history_range(p_name text, p_after bigint, p_up_to bigint,
  p_oldest double precision, p_messages bigint, p_bytes bigint)
  returns table ("offset" double precision, ts double precision, sender text, id text, body text,
    more boolean)
  language plpgsql ${STEADY} as $$
#variable_conflict use_column
begin
  return query select r."offset"::float8, r.ts, r.sender, r.id, r.body, r.more
    from (
      select r.*, lead(true, 1, false) over w as more, row_number() over w as nth,
        sum(octet_length(r.body)) over w - octet_length(r.body) as earlier
      from (
        select distinct on (u."offset") u.* from channel c cross join lateral (
          (${FROM_LOG} where l.channel_id = c.id and l."offset" > p_after
            and l."offset" <= p_up_to and (p_oldest is null or l.ts >= p_oldest)
            order by l."offset" limit p_messages + 1)
          union all
          (${FROM_KEPT} where k.channel_id = c.id and k."offset" > p_after
            and k."offset" <= p_up_to and (p_oldest is null or k.ts >= p_oldest)
            order by k."offset" limit p_messages + 1)
        ) u where c.name = p_name order by u."offset" limit p_messages + 1
      ) r window w as (order by r."offset" rows unbounded preceding)
    ) r
    where (p_messages is null or r.nth <= p_messages) and (p_bytes is null or r.earlier < p_bytes)
    order by r."offset";
end $$;
`

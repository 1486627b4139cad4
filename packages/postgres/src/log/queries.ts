// The statements that read channels and their log. `kept` holds what history still shows of slots
// that were emptied; a row may be in both for a while.

import { TOP_OF_C } from '../schema/migrations/0001/publish.js'

const SLOTS = [0, 1, 2, 3]

/** The columns of a message `l` of whatever table, with the body found. */
const fromLog = (schema: string) => `
  select l."offset", l.ts, l.sender, l.id,
    coalesce(l.body, (select s.body from ${schema}.shared_body s
      where s.slot = l.slot and s.id = l.body_id)) as body
  from ${schema}.log l`
const fromKept = (schema: string) => `
  select k."offset", k.ts, k.sender, k.id, k.body from ${schema}.kept k`

function topOfC(schema: string): string {
  return SLOTS.reduce(
    (text, slot) => text.replace(`from log_${slot} `, `from ${schema}.log_${slot} `),
    TOP_OF_C,
  )
}

/** $1 channels. Answers a row for each, in order. */
export function standingsQuery(schema: string): string {
  return `select n.name, to_hex(c.epoch) || '.' || m.generation as epoch,
      coalesce(${topOfC(schema)}, 0)::float8 as top,
      coalesce(p.version, 0)::float8 as version
    from ${schema}.meta m
    cross join unnest(string_to_array($1, chr(30))) with ordinality as n(name, idx)
    left join ${schema}.channel c on c.name = n.name
    left join ${schema}.presence_channel p on p.channel = n.name
    order by n.idx`
}

/**
 * $1 channels, $2 epochs and $3 offsets to read after, $4 limits, $5 bytes of bodies per channel.
 * Answers rows of messages, or one row without a message for a channel that has none to give.
 */
export function readQuery(schema: string): string {
  return `select q.idx::int, c.epoch, c.top::float8, l."offset"::float8, l.ts, l.sender, l.id, l.body
    from ${schema}.meta m
    cross join unnest(string_to_array($1, chr(30)), string_to_array($2, chr(30)), $3::bigint[],
      $4::int[]) with ordinality as q(name, epoch, after, count, idx)
    left join lateral (
      select c.id, to_hex(c.epoch) || '.' || m.generation as epoch, ${topOfC(schema)} as top
      from ${schema}.channel c where c.name = q.name
    ) c on true
    left join lateral (
      select * from (
        select r.*, sum(octet_length(r.body)) over (order by r."offset") - octet_length(r.body)
          as earlier
        from (
          select distinct on (u."offset") u.* from (
            (${fromLog(schema)} where l.channel_id = c.id and l."offset" > q.after
              order by l."offset" limit q.count)
            union all
            (${fromKept(schema)} where k.channel_id = c.id and k."offset" > q.after
              order by k."offset" limit q.count)
          ) u order by u."offset" limit q.count
        ) r
      ) r where r.earlier < $5
    ) l on (q.epoch = c.epoch or (coalesce(q.epoch, '') = '' and q.after = 0))
    order by q.idx, l."offset"`
}

/**
 * $1 channel, $2 offsets after, $3 up to. Answers the messages that history may show of them,
 * in order.
 */
export function rangeQuery(schema: string): string {
  return `select distinct on (u."offset") u."offset"::float8, u.ts, u.sender, u.id, u.body
    from ${schema}.channel c cross join lateral (
      ${fromLog(schema)} where l.channel_id = c.id and l."offset" > $2 and l."offset" <= $3
      union all
      ${fromKept(schema)} where k.channel_id = c.id and k."offset" > $2 and k."offset" <= $3
    ) u where c.name = $1 order by u."offset"`
}

/** $1 channel. Where it stands, and what its history may show. */
export function historyFactsQuery(schema: string): string {
  return `select to_hex(c.epoch) || '.' || m.generation as epoch, (${topOfC(schema)})::float8 as top,
      c.floor::float8, c.max_history as "maxHistory", c.ttl_ms::float8 as "ttlMs", c.explicit
    from ${schema}.meta m cross join ${schema}.channel c where c.name = $1`
}

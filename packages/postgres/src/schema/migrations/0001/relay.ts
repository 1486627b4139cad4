// Migration 1, the relay: takes what was committed out of the outbox, and stores it.

/**
 * Taking rows out. An application's transaction may commit long after it drew a row's id, so there is
 * no cursor to read behind. Starting at the first row instead would walk, at every take, the rows
 * taken before, which cannot be cleaned up while anybody in the cluster holds an old snapshot. So a
 * relay remembers which transactions it has seen ended: only those that ended since can have left
 * anything new, and how low their ids may be is known from when they began.
 */
export const relay = String.raw`
-- What a relay knows is a text: 'snapshot cursor next=last next=last ...', the oldest mark first.
-- Rows up to 'cursor' of transactions that 'snapshot' saw ended are gone. Transactions from 'next'
-- on draw ids above 'last'. Both stay true whatever is relayed later and by whom.

-- The id above which all there is to take must be, as 'seen' sees it.
create function relay_from(known text, seen pg_snapshot) returns bigint language plpgsql stable
  set search_path = @schema@, pg_temp as $$
declare
  parts text[] := string_to_array(known, ' ');
  before pg_snapshot := parts[1];
  -- The oldest transaction that may have ended since.
  oldest xid8 := coalesce(
    (select x from pg_snapshot_xip(before) x where pg_visible_in_snapshot(x, seen)
      order by x limit 1),
    pg_snapshot_xmax(before));
begin
  return case when known is null then 0 else least(parts[2]::bigint, coalesce(
    (select max(split_part(mark, '=', 2)::bigint) from unnest(parts[3:]) mark
      where split_part(mark, '=', 1)::xid8 <= oldest), 0)) end;
end $$;

-- Adds a mark. Old marks thin out: they serve transactions that stay open for long.
create function relay_knows(known text, seen pg_snapshot, cur bigint, next bigint, last bigint)
  returns text language plpgsql immutable set search_path = @schema@, pg_temp as $$
declare
  marks text[] := coalesce((string_to_array(known, ' '))[3:], '{}');
begin
  -- The earlier of two marks on one id says more.
  if split_part(marks[cardinality(marks)], '=', 2) is distinct from last::text then
    marks := marks || (next || '=' || last);
    if cardinality(marks) > 32 then
      marks := array(select mark from unnest(marks) with ordinality as m(mark, idx)
        where idx > 16 or idx % 2 = 1 order by idx);
    end if;
  end if;
  return concat_ws(' ', seen, cur, array_to_string(marks, ' '));
end $$;

-- The doorbell of each message, as DoorbellPacker deals them out: 7,900 bytes each, of which a
-- message's place takes 41 and its stamp 28 beside the sender and the id.
create function relay_pieces(names text[], channels int[], bodies text[], senders text[], ids text[])
  returns int[] language plpgsql immutable set search_path = @schema@, pg_temp as $$
declare
  pieces int[] := array_fill(0, array[cardinality(channels)]);
  piece int := 1;
  free int := 7900;
  reference int;
  whole int;
  size int;
begin
  for i in 1..cardinality(channels) loop
    reference := 41 + octet_length(names[channels[i]]);
    whole := reference + 28 + octet_length(bodies[i]) + coalesce(octet_length(senders[i]), 0)
      + coalesce(octet_length(ids[i]), 0);
    size := case when whole <= 7900 then whole else reference end;
    if size > free then
      piece := piece + 1;
      free := 7900;
    end if;
    free := free - size;
    pieces[i] := case when whole <= 7900 then piece else -piece end;
  end loop;
  return pieces;
end $$;

-- Who may insert into the outbox may not break the packing of doorbells.
create function assert_sound(channels text[], bodies text[], senders text[], ids text[])
  returns void language plpgsql immutable set search_path = @schema@, pg_temp as $$
begin
  if exists (select from unnest(channels, bodies, senders, ids) as m(channel, body, sender, id)
    where octet_length(m.channel) not between 1 and 255
      or octet_length(m.sender) not between 1 and 255 or octet_length(m.id) not between 1 and 255
      or concat(m.channel, m.sender, m.id) ~ '[\u0001-\u001f\u007f-\u009f]'
      or m.body = '' or m.body ~ '[\u0001-\u001f]') then
    raise exception 'it has an empty or overlong field or a control character'
      using errcode = '22023';
  end if;
end $$;

-- Stores what was committed, at most p_limit rows and about p_bytes of bodies, in the order of
-- their ids; all in this transaction, so exactly once. Where there is nothing to take, this reads
-- and draws no transaction id.
-- 'taken' is null while another process relays; 'more' says that there is more to take at once;
-- 'known' is for the next call, null for the first one and after a change of servers; 'waiting'
-- are those of p_waiting that may still leave rows. p_history is for channels whose publishers
-- name no limits. With p_set_aside a row that cannot be stored goes to outbox_failed, and 'failed'
-- says which and why.
create function relay(p_limit int, p_bytes int, p_history int, p_known text, p_waiting xid8[],
  p_set_aside boolean, out taken int, out more boolean, out known text, out waiting xid8[],
  out failed text)
  language plpgsql volatile set search_path = @schema@, pg_temp set enable_seqscan = off set jit = off as $$
declare
  last bigint;
  next bigint;
  seen pg_snapshot;
  first bigint;
  facts meta;
  rows bigint[];
  own_channels text[];
  histories int[];
  ttls bigint[];
  explicits boolean[];
  bodies text[];
  senders text[];
  ids text[];
  times double precision[];
  names text[];
  name_histories int[];
  name_ttls bigint[];
  name_explicits boolean[];
  channels int[];
  nths int[];
  why text;
  state text;
begin
  -- age() counts from the next transaction id: as it was when this transaction first asked, or
  -- drew its own.
  if pg_current_xact_id_if_assigned() is not null then
    raise exception 'relay must be a transaction of its own' using errcode = '25001';
  end if;
  -- In this order: a row's transaction id is older than its id, so what drew an id up to 'last'
  -- has a transaction id below 'next'.
  select case when s.is_called then s.last_value else 0 end into last from outbox_id_seq s;
  next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    + age(pg_snapshot_xmax(pg_current_snapshot())::xid);

  taken := 0;
  more := false;
  -- Looks with the very snapshot that says how low to look: a transaction that commits in between
  -- would leave its upper half only.
  select s.seen, (select o.id from outbox o where o.id > s.from_id order by o.id limit 1)
    into seen, first
    from (select pg_current_snapshot() as seen,
      relay_from(p_known, pg_current_snapshot()) as from_id) s;
  waiting := array(select x from unnest(p_waiting) x where not pg_visible_in_snapshot(x, seen));
  if first is null then
    known := relay_knows(p_known, seen, 9223372036854775807, next, last);
    return;
  end if;

  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 1) then
    taken := null;
    waiting := p_waiting;
    known := relay_knows(p_known, seen, first - 1, next, last);
    return;
  end if;
  facts := begin_write();

  with sight as materialized (
    select pg_current_snapshot() as seen, relay_from(p_known, pg_current_snapshot()) as from_id
  ), candidate as materialized (
    select o.id, octet_length(o.body) as size from outbox o
      where o.id > (select from_id from sight) order by o.id limit p_limit
  ), gone as (
    delete from outbox o where o.id = any (array(
      select c.id from (
        select id, sum(size) over (order by id) - size as before from candidate) c
      where c.before < p_bytes))
    returning o.*
  )
  select array_agg(g.id order by g.id), array_agg(g.channel order by g.id),
      array_agg(g.max_history order by g.id), array_agg(g.ttl_ms order by g.id),
      array_agg(g.explicit order by g.id), array_agg(g.body order by g.id),
      array_agg(g.sender order by g.id), array_agg(g.msg_id order by g.id),
      array_agg(g.ts order by g.id), (select s.seen from sight s),
      count(*), count(*) < (select count(*) from candidate) or count(*) = p_limit
    into rows, own_channels, histories, ttls, explicits, bodies, senders, ids, times, seen,
      taken, more
    from gone g;
  known := relay_knows(p_known, seen, case when more then rows[taken] else 9223372036854775807 end,
    next, last);
  waiting := case when more then p_waiting
    else array(select x from unnest(p_waiting) x where not pg_visible_in_snapshot(x, seen)) end;
  -- Another process was faster.
  if taken = 0 then return; end if;

  -- Who named limits last wins; of those that nobody named, the widest.
  select array_agg(n.name order by n.first), array_agg(n.max_history order by n.first),
      array_agg(n.ttl order by n.first), array_agg(n.explicit order by n.first)
    into names, name_histories, name_ttls, name_explicits
    from (
      select m.name, min(m.ord) as first, bool_or(m.explicit) as explicit,
          case when bool_or(m.explicit)
            then (array_agg(m.max_history order by m.ord desc) filter (where m.explicit))[1]
            else max(coalesce(m.max_history, p_history)) end as max_history,
          (array_agg(m.ttl order by m.ord desc) filter (where m.explicit))[1] as ttl
        from unnest(own_channels, histories, ttls, explicits)
          with ordinality as m(name, max_history, ttl, explicit, ord)
        group by m.name
    ) n;
  select array_agg(m.idx order by m.ord), array_agg(m.nth order by m.ord) into channels, nths
    from (select n.idx, m.ord, row_number() over (partition by n.idx order by m.ord) as nth
      from unnest(own_channels) with ordinality as m(name, ord)
      join unnest(names) with ordinality as n(name, idx) on n.name = m.name) m;

  begin
    perform assert_sound(own_channels, bodies, senders, ids);
    perform store(facts, names, name_histories, name_ttls, name_explicits, channels, nths, bodies,
      senders, ids, times, relay_pieces(names, channels, bodies, senders, ids), null);
  exception when data_exception or integrity_constraint_violation or program_limit_exceeded then
    if not p_set_aside then raise; end if;
    get stacked diagnostics state = returned_sqlstate, why = message_text;
    insert into outbox_failed
      select r.* , now(), state, why
      from unnest(rows, own_channels, bodies, senders, times, ids, histories, ttls, explicits) r;
    failed := concat('#', rows[1], ' for channel ', quote_literal(own_channels[1]), ': ', why,
      ' (', state, ')');
  end;
end $$;
`

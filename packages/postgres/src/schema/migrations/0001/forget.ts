// Migration 1, forgetting: what history, publishers and processes leave behind is removed in small
// steps, by one process at a time; where there is nothing to do, only reading.

import { TOP_OF_C } from './publish.js'
import { STEADY } from './rotate.js'

/** Needs the functions of rotate.ts and of lease.ts. */
export const forget = `
-- Removes from kept what history shows no more, of some channels from one on. 'next' is the channel
-- to go on with, null at the end. Only what channels' rows say counts: of a channel in use that is
-- less than the truth, and keep_step removes the rest.
create function trim_kept(p_from bigint, out next bigint, out trimmed int) language plpgsql volatile
  set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  found_ids bigint[] := next_channels(null, p_from, 200);
  ids bigint[];
  ends bigint[];
begin
  trimmed := 0;
  next := case when cardinality(found_ids) = 200 then found_ids[200] + 1 end;
  select array_agg(e.id), array_agg(e.upto) into ids, ends
    from (
      select f.id, case when c.id is null then 9223372036854775807
          else greatest(c.floor, c.top - c.max_history, case when c.ttl_ms is not null then coalesce(
            (select min(k."offset") - 1 from kept k where k.channel_id = c.id
              and k.ts >= extract(epoch from now()) - c.ttl_ms / 1000.0 - 60),
            9223372036854775807) end) end as upto
        from unnest(found_ids) as f(id) left join channel c on c.id = f.id
    ) e
    where exists (select from kept k where k.channel_id = e.id and k."offset" <= e.upto);
  if ids is null then return; end if;
  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 2) then return; end if;
  delete from kept k using (
      select k.channel_id, k."offset" from unnest(ids, ends) as e(id, upto)
        join kept k on k.channel_id = e.id and k."offset" <= e.upto limit 5000
    ) old where k.channel_id = old.channel_id and k."offset" = old."offset";
  get diagnostics trimmed = row_count;
  if trimmed = 5000 then next := p_from; end if;
end $$;

-- Forgets message ids older than p_age_ms. Those before p_from have been; 'next' is that for the
-- next call.
create function forget_ids(p_age_ms bigint, p_from timestamptz, out next timestamptz,
  out forgotten int)
  language plpgsql volatile set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  -- Not closer: a batch that waits for the batch lock bears the time when it began to wait.
  upto timestamptz := now() - greatest(p_age_ms, 10000) * interval '1 ms';
begin
  forgotten := 0;
  next := p_from;
  if not exists (select from idempotency where at >= coalesce(p_from, '-infinity') and at < upto)
  then
    next := upto;
    return;
  end if;
  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 2) then return; end if;
  delete from idempotency where ctid = any (array(
    select ctid from idempotency where at >= coalesce(p_from, '-infinity') and at < upto
      order by at limit 5000));
  get diagnostics forgotten = row_count;
  if forgotten < 5000 then next := upto; end if;
end $$;

-- Forgets publishers that have not connected for a day and have nothing in the log. One that lives
-- is told by CH002 and enters again; as it has no mark in the log, it waits for no lost answer.
create function forget_publishers() returns int language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
declare
  forgotten int;
begin
  if not exists (select from publisher p where since < now() - interval '1 day'
    and not exists (select from log l where l.channel_id = -p.id)) then
    return 0;
  end if;
  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 2) then return 0; end if;
  perform begin_write();
  delete from publisher where id = any (array(
    select p.id from publisher p where since < now() - interval '1 day'
      and not exists (select from log l where l.channel_id = -p.id) limit 500));
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

-- Whether anybody still needs the channel.
create function channel_in_use(p_id bigint, p_name text) returns boolean language plpgsql stable
  set search_path = @schema@, pg_temp as $$
begin
  return exists (select from log l where l.channel_id = p_id)
    or exists (select from interest i where i.channel = p_name and i.count > 0)
    or exists (select from member m where m.channel = p_name)
    or exists (select from group_member g where g.channel = p_name)
    or exists (select from group_hold g where g.channel = p_name);
end $$;

-- Forgets channels that nobody has used for p_age_ms; those in use count as used now. What was kept
-- of them goes with trim_kept. Answers how many were looked at.
create function forget_channels(p_age_ms bigint) returns int language plpgsql volatile
  set search_path = @schema@, pg_temp ${STEADY} as $$
declare
  upto timestamptz := now() - p_age_ms * interval '1 ms';
  ids bigint[];
begin
  if not exists (select from channel where used < upto) then return 0; end if;
  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 2) then return 0; end if;
  perform begin_write();
  ids := array(select id from channel where used < upto order by used limit 100);
  delete from channel where id = any (ids) and not channel_in_use(id, name);
  update channel set used = now() where id = any (ids);
  return cardinality(ids);
end $$;

-- Takes processes out that hold something without being known, which only a restored backup or a
-- hand in the tables can leave behind. Answers how many.
create function forget_orphans() returns int language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
declare
  facts meta;
  nodes int[];
  orphan int;
begin
  nodes := orphan_nodes();
  if cardinality(nodes) = 0 then return 0; end if;
  if not pg_try_advisory_xact_lock((select m.lock_class from meta m), 2) then return 0; end if;
  facts := begin_write();
  nodes := (orphan_nodes())[1:10];
  foreach orphan in array nodes loop
    perform end_node(facts, orphan, 'reaped', 'timed-out');
  end loop;
  return cardinality(nodes);
end $$;

create function orphan_nodes() returns int[] language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
begin
  return array(
    (select node from hold union select node from interest union select node from group_hold)
    except select id from node);
end $$;

-- Hides everything stored so far from history.
create function clear_history(p_channel text) returns void language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
begin
  perform begin_write();
  update channel c set floor = ${TOP_OF_C} where c.name = p_channel and c.floor < ${TOP_OF_C};
end $$;
`

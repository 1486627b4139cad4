// Migration 1, presence: who is where and by whose hold, and the one way in which processes change
// what they hold.

/** Tables; need nothing. The functions of `lease` read them. */
export const presenceTables = `
-- A user is in a channel while it has a hold there: one per connection, one per bare join.
create table hold (
  channel text collate "C" not null,
  user_id text collate "C" not null,
  node int not null,
  hold text collate "C" not null,
  primary key (channel, user_id, node, hold)
);
create index on hold (node);

-- Exactly the users with a hold.
create table member (
  channel text collate "C" not null,
  user_id text collate "C" not null,
  -- Not a float: the text that JavaScript gave comes back, whatever extra_float_digits says.
  joined_at numeric not null,
  metadata text not null,
  -- The order of joining.
  seq bigint generated always as identity,
  primary key (channel, user_id)
);

-- One sequence for all channels, so that one whose row was forgotten never counts from below. Each
-- 'enter' moves it on to the present time.
create sequence presence_version_seq;

-- Each change of a channel's members says which version it follows.
create table presence_channel (
  channel text collate "C" primary key,
  previous bigint not null default 0,
  version bigint not null,
  used timestamptz not null default now()
) with (fillfactor = 40);
`

/** Functions; need `tables`, `writing`, `presenceTables`, `groups` and the tables of `lease`. */
export const presence = `
-- The record of a change: kind US reason US channel US previous US version, then for each user
-- US id US joined US metadata, which is what 'entries' must look like.
create function presence_change(p_kind text, p_reason text, p_channel text, entries text)
  returns text language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  step presence_channel;
begin
  insert into presence_channel as p (channel, version)
    values (p_channel, nextval('presence_version_seq'))
    on conflict (channel) do update
      set previous = p.version, version = excluded.version, used = now()
    returning * into step;
  return p_kind || chr(31) || p_reason || chr(31) || p_channel || chr(31) || step.previous
    || chr(31) || step.version || entries;
end $$;

-- The records of many users leaving, ordered by channel. Each fits into a doorbell, so a crowd that
-- leaves one channel leaves in several changes.
create function leaves(p_kind text, p_reason text, channels text[], users text[], times numeric[],
  metadatas text[])
  returns text[] language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  records text[] := '{}';
  entries text := '';
  bytes int := 0;
  entry text;
begin
  for i in 1..coalesce(cardinality(channels), 0) loop
    entry := chr(31) || users[i] || chr(31) || times[i] || chr(31) || metadatas[i];
    entries := entries || entry;
    bytes := bytes + octet_length(entry);
    if channels[i + 1] is distinct from channels[i]
      or bytes + octet_length(users[i + 1]) + octet_length(metadatas[i + 1]) > 7400 then
      records := records || presence_change(p_kind, p_reason, channels[i], entries);
      entries := '';
      bytes := 0;
    end if;
  end loop;
  return records;
end $$;

-- Rings for presence: as many records to a doorbell as fit.
create function ring_presence(facts meta, records text[]) returns void
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  contents text[] := '{}';
  content text;
  bytes int;
  record text;
  number bigint;
begin
  if cardinality(records) = 0 then
    return;
  end if;
  foreach record in array records loop
    if bytes + 1 + octet_length(record) <= 7900 then
      content := content || chr(30) || record;
      bytes := bytes + 1 + octet_length(record);
    else
      contents := contents || content;
      content := record;
      bytes := octet_length(record);
    end if;
  end loop;
  contents := array_remove(contents, null) || content;
  number := nextval('doorbell_seq');
  for i in 1..cardinality(contents) loop
    perform ring(facts, number, 'P', cardinality(contents) - i, contents[i]);
  end loop;
end $$;

-- Does what a process asks for, in order. Each operation is kind US channel US subject US hold US
-- number US detail, separated by RS:
--   put, restore      subject a user, number its time of joining, detail its metadata; to restore
--                     leaves the metadata of a user who is there alone
--   release           a hold of this process; detail a reason
--   remove            a user with all holds; detail a reason
--   clear             everybody
--   add, discard      subject a group: for good, and whoever holds it
--   hold, let-go      subject a group: a hold of this process
--   interest          number the subscribers
-- Answers for each what changed, separated by RS: for put and restore 1 or 0 (first) US the time of
-- joining, for release and remove 1 or 0 (last), else nothing; and the doorbell number that all of
-- this is as of: what was rung with a higher one came after it.
-- Without a node (a process that holds nothing) numbers mean nothing, and holds cannot be asked for.
-- (enable_seqscan: a session keeps its plans, and one made for small tables must not scan large ones.)
create function presence_apply(p_node int, p_number bigint, p_operations text,
  out as_of bigint, out answers text)
  language plpgsql volatile set search_path = @schema@, pg_temp set enable_seqscan = off as $$
declare
  facts meta;
  latest bigint;
  operation text;
  op text[];
  answer text;
  results text[] := '{}';
  records text[] := '{}';
  present member;
begin
  facts := begin_write();
  if p_node is not null then
    select b.number into latest from node_batch b where b.node = p_node;
    if not found then
      raise exception 'node % was taken out', p_node using errcode = 'CH004';
    elsif p_number <= latest then
      raise exception 'batch % of node % comes after batch %', p_number, p_node, latest
        using errcode = 'CH002';
    end if;
  end if;

  foreach operation in array string_to_array(p_operations, chr(30)) loop
    op := string_to_array(operation, chr(31));
    answer := '';
    case op[1]
    when 'put', 'restore' then
      insert into hold values (op[2], op[3], p_node, op[4]) on conflict do nothing;
      insert into member (channel, user_id, joined_at, metadata)
        values (op[2], op[3], op[5]::numeric, op[6]) on conflict do nothing;
      if found then
        answer := '1' || chr(31) || op[5];
        records := records || presence_change('join', '', op[2],
          chr(31) || op[3] || chr(31) || op[5] || chr(31) || op[6]);
      else
        select * into present from member where channel = op[2] and user_id = op[3];
        answer := '0' || chr(31) || present.joined_at;
        if op[1] = 'put' and present.metadata <> op[6] then
          update member set metadata = op[6] where channel = op[2] and user_id = op[3];
          records := records || presence_change('update', '', op[2],
            chr(31) || op[3] || chr(31) || present.joined_at || chr(31) || op[6]);
        end if;
      end if;
    when 'release', 'remove' then
      answer := '0';
      if op[1] = 'remove' then
        delete from hold where channel = op[2] and user_id = op[3];
      else
        delete from hold
          where channel = op[2] and user_id = op[3] and node = p_node and hold.hold = op[4];
      end if;
      if found and not exists (select from hold where channel = op[2] and user_id = op[3]) then
        delete from member where channel = op[2] and user_id = op[3] returning * into present;
        answer := '1';
        records := records || presence_change('leave', op[6], op[2],
          chr(31) || op[3] || chr(31) || present.joined_at || chr(31) || present.metadata);
      end if;
    when 'clear' then
      records := records || clear_members(op[2]);
    when 'add' then
      insert into group_member values (op[3], op[2]) on conflict do nothing;
    when 'hold' then
      insert into group_hold values (op[3], op[2], p_node, op[4]) on conflict do nothing;
    when 'let-go' then
      delete from group_hold
        where grp = op[3] and channel = op[2] and node = p_node and hold = op[4];
    when 'discard' then
      delete from group_member where grp = op[3] and channel = op[2];
      delete from group_hold where grp = op[3] and channel = op[2];
      -- Its other holders must not put it again.
      if found then
        records := records || ('discarded' || chr(31) || op[3] || chr(31) || op[2]);
      end if;
    when 'interest' then
      if op[5] = '0' then
        delete from interest where channel = op[2] and node = p_node;
      else
        insert into interest values (op[2], p_node, op[5]::int)
          on conflict (channel, node) do update set count = excluded.count;
      end if;
    end case;
    results := results || answer;
  end loop;

  perform ring_presence(facts, records);
  as_of := drawn_number();
  answers := array_to_string(results, chr(30));
  update node_batch b set number = p_number, as_of = presence_apply.as_of,
    answers = presence_apply.answers where b.node = p_node;
end $$;

-- Everybody leaves. The batch lock is held; the caller rings.
create function clear_members(p_channel text) returns text[] language plpgsql volatile
  set search_path = @schema@, pg_temp set enable_seqscan = off as $$
declare
  channels text[];
  users text[];
  times numeric[];
  metadatas text[];
begin
  delete from hold where channel = p_channel;
  with gone as (delete from member where channel = p_channel returning *)
  select array_agg(channel), array_agg(user_id order by seq), array_agg(joined_at order by seq),
      array_agg(metadata order by seq)
    into channels, users, times, metadatas from gone;
  return leaves('leave', 'cleared', channels, users, times, metadatas);
end $$;

-- What became of a batch whose answer was lost: its answers, or null, and then it will not be
-- applied any more.
create function presence_settle(p_node int, p_number bigint, out as_of bigint, out answers text)
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  last node_batch;
begin
  perform begin_write();
  select * into last from node_batch where node = p_node;
  if not found then
    raise exception 'node % was taken out', p_node using errcode = 'CH004';
  elsif last.number = p_number then
    as_of := last.as_of;
    answers := last.answers;
  else
    -- Without the answers of the batch before: should this be asked again, they are not this one's.
    update node_batch b set number = p_number, answers = null
      where b.node = p_node and b.number < p_number;
  end if;
end $$;

-- All that a process holds, one record each: user US channel US id US hold, group US channel US
-- group US hold, interest US channel US count. Under the batch lock, so that it is as of a number.
create function presence_held(p_node int, out as_of bigint, out held text)
  language plpgsql volatile set search_path = @schema@, pg_temp set enable_seqscan = off as $$
begin
  perform begin_write();
  if not exists (select from node where id = p_node) then
    raise exception 'node % was taken out', p_node using errcode = 'CH004';
  end if;
  as_of := drawn_number();
  held := (select string_agg(record, chr(30)) from (
    select 'user' || chr(31) || channel || chr(31) || user_id || chr(31) || h.hold as record
      from hold h where node = p_node
    union all
    select 'group' || chr(31) || channel || chr(31) || grp || chr(31) || h.hold
      from group_hold h where node = p_node
    union all
    select 'interest' || chr(31) || channel || chr(31) || count
      from interest where node = p_node
  ) all_of_it);
end $$;

-- Forgets the versions of channels where nobody was for a while; answers how many. Housekeeping.
create function forget_presence(p_idle interval, p_at_most int) returns int
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
declare
  idle text[];
  forgotten int;
begin
  -- Found first, so that the batch lock is taken for a moment only, and only if there is a reason.
  idle := array(select p.channel from presence_channel p where p.used < now() - p_idle
    and not exists (select from member m where m.channel = p.channel) limit p_at_most);
  if cardinality(idle) = 0 then
    return 0;
  end if;
  perform begin_write();
  delete from presence_channel p where p.channel = any (idle) and p.used < now() - p_idle
    and not exists (select from member m where m.channel = p.channel);
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;
`

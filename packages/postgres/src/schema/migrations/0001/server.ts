// Migration 1, identity: an epoch names messages of one server's history. When this may be another
// history, or one that lost what it had announced, the generation is renewed, and with it all epochs.

/** Needs `writing` of tables.ts. */
export const server = `
create function renew_generation() returns text language sql volatile
  set search_path = @schema@, pg_temp as $$
  update meta set generation = random_text(16),
      system_id = (select system_identifier::text from pg_control_system()),
      timeline = current_timeline()
    returning generation
$$;

-- Of every new connection: makes meta true. Like begin_write, which would refuse what this cures.
create function check_server() returns table (generation text, renewed boolean)
  language plpgsql volatile set search_path = @schema@, pg_temp as $$
#variable_conflict use_column
declare
  facts meta;
  emptied boolean;
begin
  perform set_config('lock_timeout', '3500ms', true);
  -- Epochs are announced: neither a weaker commit nor an unlogged log may lose a renewal.
  if current_setting('synchronous_commit') in ('off', 'local', 'remote_write') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  select * into strict facts from meta;
  perform pg_advisory_xact_lock(facts.lock_class, 0);
  -- Again: many connect at once after a failover, and the first of them renewed it.
  select * into strict facts from meta;
  emptied := facts.durability = 'unlogged' and not exists (select from log_life);
  if not emptied and facts.timeline = current_timeline() and facts.system_id
    = (select system_identifier::text from pg_control_system()) then
    return query select facts.generation, false;
    return;
  end if;
  if emptied then
    insert into log_life values (true);
    -- What the floor had hidden is gone; offsets begin again after the top, below an old floor.
    update channel set floor = top where floor <> top;
  end if;
  return query select renew_generation(), true;
end $$;

-- For administrators, after restoring a backup: what was announced since then is announced no more.
create function new_epoch() returns text language plpgsql volatile
  set search_path = @schema@, pg_temp as $$
begin
  perform pg_advisory_xact_lock(lock_class, 0) from meta;
  return renew_generation();
end $$;
`

// Migration 1, groups and interest: what a process holds beside presence. Written by
// `presence_apply`, like holds.

/** Tables only; needs nothing. */
export const groups = `
-- Added for good.
create table group_member (
  grp text collate "C" not null,
  channel text collate "C" not null,
  primary key (grp, channel)
);

-- While a process holds it.
create table group_hold (
  grp text collate "C" not null,
  channel text collate "C" not null,
  node int not null,
  hold text collate "C" not null,
  primary key (grp, channel, node, hold)
);
create index on group_hold (node);

-- How many subscribers each process has.
create table interest (
  channel text collate "C" not null,
  node int not null,
  count int not null,
  primary key (channel, node)
);
create index on interest (node);
`

create table if not exists presence (
  slot integer not null primary key,
  instance_id text not null unique,
  last_seen_at integer not null,
  signature_mark integer not null,
  clock_offset integer not null,
  agent_process text not null
);

create table if not exists node_life (
  id text not null primary key,
  alive_at integer not null
) without rowid;

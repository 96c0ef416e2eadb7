create table account (
  id text collate "C" not null primary key,
  name text collate "C" not null,
  created_at bigint not null
);

-- The first AccessKey of a server is created once: `first` is 1 for it, null for all others.
create table access_key (
  account_id text collate "C" not null,
  id text collate "C" not null primary key,
  user_id text collate "C",
  sealed_secret bytea not null,
  status text collate "C" not null,
  first bigint unique,
  created_at bigint not null
);

-- Narrow and in list order: a page of the agent status is one short range of this table.
create table instance (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null,
  os_type text collate "C" not null,
  agent_version text collate "C" not null,
  invocation_count bigint not null,
  active_task_count bigint not null,
  last_invoked_at bigint,
  primary key (account_id, region_id, id)
);
create index instance_by_os on instance (account_id, region_id, os_type, id);

create table instance_detail (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null primary key,
  name text collate "C" not null,
  hostname text collate "C" not null,
  description text collate "C" not null,
  os_version text collate "C" not null,
  machine_id text collate "C" not null,
  public_key text collate "C" not null,
  activation_id text collate "C" not null,
  intranet_ip text collate "C" not null,
  internet_ip text collate "C" not null,
  resource_group_id text collate "C" not null,
  registered_at bigint not null,
  first_beat_at bigint,
  booted_at bigint
);
create index instance_detail_by_activation on instance_detail (activation_id);
create index instance_detail_unproven on instance_detail (registered_at) where first_beat_at is null;

-- How many rows an unfiltered or OS-filtered list has, so that no page has to count.
create table instance_count (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  os_type text collate "C" not null,
  amount bigint not null,
  primary key (account_id, region_id, os_type)
);

create table activation (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null primary key,
  code_hash text collate "C" not null,
  name text collate "C" not null,
  description text collate "C" not null,
  instance_count bigint not null,
  time_to_live_hours bigint not null,
  ip_address_range text collate "C" not null,
  resource_group_id text collate "C" not null,
  registered_count bigint not null,
  deregistered_count bigint not null,
  disabled bigint not null,
  created_at bigint not null,
  expires_at bigint not null
);
create index activation_by_scope on activation (account_id, region_id, created_at, id);

-- Scripts by the hash of their content: commands and invocations refer to them.
create table script (
  hash text collate "C" not null primary key,
  content bytea not null,
  used_at bigint not null
);

create table command (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null primary key,
  name text collate "C" not null,
  description text collate "C" not null,
  type text collate "C" not null,
  script_hash text collate "C" not null,
  enable_parameter bigint not null,
  parameter_names text collate "C" not null,
  working_dir text collate "C" not null,
  timeout_seconds bigint not null,
  launcher text collate "C" not null,
  resource_group_id text collate "C" not null,
  kept bigint not null,
  invoke_times bigint not null,
  created_at bigint not null
);
create index command_by_scope on command (account_id, region_id, kept, id);

-- An invocation is invisible until `committed` is 1: a large one is written in chunks.
-- The n_* columns count its tasks by class of state (see domain/invocations/roll-up.ts).
create table invocation (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null primary key,
  command_id text collate "C" not null,
  command_name text collate "C" not null,
  command_description text collate "C" not null,
  command_type text collate "C" not null,
  script_hash text collate "C" not null,
  enable_parameter bigint not null,
  parameters text collate "C" not null,
  username text collate "C" not null,
  working_dir text collate "C" not null,
  timeout_seconds bigint not null,
  resource_group_id text collate "C" not null,
  keep_command bigint not null,
  invoked_by text collate "C" not null,
  committed bigint not null,
  stopped_at bigint,
  n_pending bigint not null,
  n_running bigint not null,
  n_stopping bigint not null,
  n_success bigint not null,
  n_failed bigint not null,
  n_broken bigint not null,
  n_stopped bigint not null,
  created_at bigint not null
);
create index invocation_by_scope on invocation (account_id, region_id, id);
create index invocation_by_command on invocation (command_id, id);
create index invocation_uncommitted on invocation (created_at) where committed = 0;

-- The account and region of a task are those of its invocation.
create table task (
  invocation_id text collate "C" not null,
  instance_id text collate "C" not null,
  state text collate "C" not null,
  final bigint not null,
  outcome_unknown bigint not null,
  error_code text collate "C" not null,
  error_info text collate "C" not null,
  exit_code bigint,
  dropped bigint not null,
  output_bytes bigint not null,
  agent_process text collate "C" not null,
  created_at bigint not null,
  handed_out_at bigint,
  reported_at bigint,
  started_at bigint,
  finished_at bigint,
  stopped_at bigint,
  updated_at bigint not null,
  deadline_at bigint,
  primary key (invocation_id, instance_id)
);
create index task_by_instance on task (instance_id, invocation_id);
create index task_unfinished on task (instance_id, state, invocation_id) where final = 0;
create index task_deadline on task (deadline_at) where final = 0;

create table task_output (
  invocation_id text collate "C" not null,
  instance_id text collate "C" not null,
  seq bigint not null,
  data bytea not null,
  primary key (invocation_id, instance_id, seq)
);

create table tag (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  resource_type text collate "C" not null,
  resource_id text collate "C" not null,
  tag_key text collate "C" not null,
  tag_value text collate "C" not null,
  primary key (resource_type, resource_id, tag_key)
);
create index tag_by_key on tag (account_id, region_id, resource_type, tag_key, tag_value, resource_id);

create table repeat (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  action text collate "C" not null,
  client_token text collate "C" not null,
  fingerprint text collate "C" not null,
  sealed_answer bytea not null,
  created_at bigint not null,
  primary key (account_id, region_id, action, client_token)
);
create index repeat_by_age on repeat (created_at);

create table nonce (
  access_key_id text collate "C" not null,
  nonce text collate "C" not null,
  expires_at bigint not null,
  primary key (access_key_id, nonce)
);
create index nonce_by_age on nonce (expires_at);

create table audit (
  seq bigint not null primary key,
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  at bigint not null,
  actor text collate "C" not null,
  action text collate "C" not null,
  subject text collate "C" not null,
  detail text collate "C" not null,
  hash text collate "C" not null
);

-- Settings of the server itself; sealed ones hold secrets.
create table setting (
  name text collate "C" not null primary key,
  value text collate "C",
  sealed_value bytea
);

-- On SQLite this table is in a file of its own (presence.sqlite), written without fsync.
create table presence (
  slot bigint not null primary key,
  instance_id text collate "C" not null unique,
  last_seen_at bigint not null,
  signature_mark bigint not null,
  clock_offset bigint not null,
  agent_process text collate "C" not null
);

create table node_life (
  id text collate "C" not null primary key,
  alive_at bigint not null
);

create table account (
  id text not null primary key,
  name text not null,
  created_at integer not null
) without rowid;

-- The first AccessKey of a server is created once: `first` is 1 for it, null for all others.
create table access_key (
  account_id text not null,
  id text not null primary key,
  user_id text,
  sealed_secret blob not null,
  status text not null,
  first integer unique,
  created_at integer not null
) without rowid;

-- Narrow and in list order: a page of the agent status is one short range of this table.
create table instance (
  account_id text not null,
  region_id text not null,
  id text not null,
  os_type text not null,
  agent_version text not null,
  invocation_count integer not null,
  active_task_count integer not null,
  last_invoked_at integer,
  primary key (account_id, region_id, id)
) without rowid;
create index instance_by_os on instance (account_id, region_id, os_type, id);

create table instance_detail (
  account_id text not null,
  region_id text not null,
  id text not null primary key,
  name text not null,
  hostname text not null,
  description text not null,
  os_version text not null,
  machine_id text not null,
  public_key text not null,
  activation_id text not null,
  intranet_ip text not null,
  internet_ip text not null,
  resource_group_id text not null,
  registered_at integer not null,
  first_beat_at integer,
  booted_at integer
) without rowid;
create index instance_detail_by_activation on instance_detail (activation_id);
create index instance_detail_unproven on instance_detail (registered_at) where first_beat_at is null;

-- How many rows an unfiltered or OS-filtered list has, so that no page has to count.
create table instance_count (
  account_id text not null,
  region_id text not null,
  os_type text not null,
  amount integer not null,
  primary key (account_id, region_id, os_type)
) without rowid;

create table activation (
  account_id text not null,
  region_id text not null,
  id text not null primary key,
  code_hash text not null,
  name text not null,
  description text not null,
  instance_count integer not null,
  time_to_live_hours integer not null,
  ip_address_range text not null,
  resource_group_id text not null,
  registered_count integer not null,
  deregistered_count integer not null,
  disabled integer not null,
  created_at integer not null,
  expires_at integer not null
) without rowid;
create index activation_by_scope on activation (account_id, region_id, created_at, id);

-- Scripts by the hash of their content: commands and invocations refer to them.
create table script (
  hash text not null primary key,
  content blob not null,
  used_at integer not null
);

create table command (
  account_id text not null,
  region_id text not null,
  id text not null primary key,
  name text not null,
  description text not null,
  type text not null,
  script_hash text not null,
  enable_parameter integer not null,
  parameter_names text not null,
  working_dir text not null,
  timeout_seconds integer not null,
  launcher text not null,
  resource_group_id text not null,
  kept integer not null,
  invoke_times integer not null,
  created_at integer not null
) without rowid;
create index command_by_scope on command (account_id, region_id, kept, id);

-- An invocation is invisible until `committed` is 1: a large one is written in chunks.
-- The n_* columns count its tasks by class of state (see domain/invocations/roll-up.ts).
create table invocation (
  account_id text not null,
  region_id text not null,
  id text not null primary key,
  command_id text not null,
  command_name text not null,
  command_description text not null,
  command_type text not null,
  script_hash text not null,
  enable_parameter integer not null,
  parameters text not null,
  username text not null,
  working_dir text not null,
  timeout_seconds integer not null,
  resource_group_id text not null,
  keep_command integer not null,
  invoked_by text not null,
  committed integer not null,
  stopped_at integer,
  n_pending integer not null,
  n_running integer not null,
  n_stopping integer not null,
  n_success integer not null,
  n_failed integer not null,
  n_broken integer not null,
  n_stopped integer not null,
  created_at integer not null
) without rowid;
create index invocation_by_scope on invocation (account_id, region_id, id);
create index invocation_by_command on invocation (command_id, id);
create index invocation_uncommitted on invocation (created_at) where committed = 0;

-- The account and region of a task are those of its invocation.
create table task (
  invocation_id text not null,
  instance_id text not null,
  state text not null,
  final integer not null,
  outcome_unknown integer not null,
  error_code text not null,
  error_info text not null,
  exit_code integer,
  dropped integer not null,
  output_bytes integer not null,
  agent_process text not null,
  created_at integer not null,
  handed_out_at integer,
  reported_at integer,
  started_at integer,
  finished_at integer,
  stopped_at integer,
  updated_at integer not null,
  deadline_at integer,
  primary key (invocation_id, instance_id)
) without rowid;
create index task_by_instance on task (instance_id, invocation_id);
create index task_unfinished on task (instance_id, state, invocation_id) where final = 0;
create index task_deadline on task (deadline_at) where final = 0;

create table task_output (
  invocation_id text not null,
  instance_id text not null,
  seq integer not null,
  data blob not null,
  primary key (invocation_id, instance_id, seq)
);

create table tag (
  account_id text not null,
  region_id text not null,
  resource_type text not null,
  resource_id text not null,
  tag_key text not null,
  tag_value text not null,
  primary key (resource_type, resource_id, tag_key)
) without rowid;
create index tag_by_key on tag (account_id, region_id, resource_type, tag_key, tag_value, resource_id);

create table repeat (
  account_id text not null,
  region_id text not null,
  action text not null,
  client_token text not null,
  fingerprint text not null,
  sealed_answer blob not null,
  created_at integer not null,
  primary key (account_id, region_id, action, client_token)
) without rowid;
create index repeat_by_age on repeat (created_at);

create table nonce (
  access_key_id text not null,
  nonce text not null,
  expires_at integer not null,
  primary key (access_key_id, nonce)
) without rowid;
create index nonce_by_age on nonce (expires_at);

create table audit (
  seq integer not null primary key,
  account_id text not null,
  region_id text not null,
  at integer not null,
  actor text not null,
  action text not null,
  subject text not null,
  detail text not null,
  hash text not null
);

-- Settings of the server itself; sealed ones hold secrets.
create table setting (
  name text not null primary key,
  value text,
  sealed_value blob
) without rowid;

-- A file sent to instances. The n_* columns count those by class of state (see domain/files/file-roll-up.ts).
create table file_send (
  account_id text not null,
  region_id text not null,
  id text not null primary key,
  name text not null,
  description text not null,
  target_dir text not null,
  content_type text not null,
  file_owner text not null,
  file_group text not null,
  file_mode text not null,
  overwrite integer not null,
  timeout_seconds integer not null,
  resource_group_id text not null,
  invoked_by text not null,
  n_pending integer not null,
  n_running integer not null,
  n_success integer not null,
  n_failed integer not null,
  created_at integer not null
) without rowid;
create index file_send_by_scope on file_send (account_id, region_id, id);
create index file_send_by_age on file_send (created_at);

-- Apart from its row, so that listing sends reads the contents of one page only.
create table file_content (
  send_id text not null primary key,
  content blob not null
);

-- The account and region are those of the send.
create table file_task (
  send_id text not null,
  instance_id text not null,
  state text not null,
  final integer not null,
  outcome_unknown integer not null,
  error_code text not null,
  error_info text not null,
  agent_process text not null,
  hand_outs integer not null,
  created_at integer not null,
  handed_out_at integer,
  finished_at integer,
  updated_at integer not null,
  deadline_at integer,
  primary key (send_id, instance_id)
) without rowid;
create index file_task_by_instance on file_task (instance_id, send_id);
create index file_task_unfinished on file_task (instance_id, send_id) where final = 0;
create index file_task_deadline on file_task (deadline_at) where final = 0;

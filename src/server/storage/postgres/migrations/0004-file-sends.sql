-- A file sent to instances. The n_* columns count those by class of state (see domain/files/file-roll-up.ts).
create table file_send (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  id text collate "C" not null primary key,
  name text collate "C" not null,
  description text collate "C" not null,
  target_dir text collate "C" not null,
  content_type text collate "C" not null,
  file_owner text collate "C" not null,
  file_group text collate "C" not null,
  file_mode text collate "C" not null,
  overwrite bigint not null,
  timeout_seconds bigint not null,
  resource_group_id text collate "C" not null,
  invoked_by text collate "C" not null,
  n_pending bigint not null,
  n_running bigint not null,
  n_success bigint not null,
  n_failed bigint not null,
  created_at bigint not null
);
create index file_send_by_scope on file_send (account_id, region_id, id);
create index file_send_by_age on file_send (created_at);

-- Apart from its row, so that listing sends reads the contents of one page only.
create table file_content (
  send_id text collate "C" not null primary key,
  content bytea not null
);

-- The account and region are those of the send.
create table file_task (
  send_id text collate "C" not null,
  instance_id text collate "C" not null,
  state text collate "C" not null,
  final bigint not null,
  outcome_unknown bigint not null,
  error_code text collate "C" not null,
  error_info text collate "C" not null,
  agent_process text collate "C" not null,
  hand_outs bigint not null,
  created_at bigint not null,
  handed_out_at bigint,
  finished_at bigint,
  updated_at bigint not null,
  deadline_at bigint,
  primary key (send_id, instance_id)
);
create index file_task_by_instance on file_task (instance_id, send_id);
create index file_task_unfinished on file_task (instance_id, send_id) where final = 0;
create index file_task_deadline on file_task (deadline_at) where final = 0;

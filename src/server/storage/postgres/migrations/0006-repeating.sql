-- Invocations that run more than once, later, or not at all (dry runs).
alter table invocation add column repeat_mode text collate "C" not null default 'Once';
alter table invocation add column frequency text collate "C" not null default '';
alter table invocation add column n_scheduled bigint not null default 0;
-- A task carries its kind, so that what concerns a host needs no look at each invocation.
alter table task add column repeat_mode text collate "C" not null default 'Once';
alter table task add column runs bigint not null default 0;
-- When the latest run began by the clock of its host: what tells its runs apart.
alter table task add column run_start bigint;
create index task_schedules on task (instance_id, invocation_id) where final = 0 and repeat_mode <> 'Once';

-- Runs that are over, of tasks that run more than once.
create table task_run (
  invocation_id text collate "C" not null,
  instance_id text collate "C" not null,
  run_start bigint not null,
  state text collate "C" not null,
  outcome_unknown bigint not null,
  error_code text collate "C" not null,
  error_info text collate "C" not null,
  exit_code bigint,
  dropped bigint not null,
  output_bytes bigint not null,
  output bytea not null,
  created_at bigint not null,
  started_at bigint,
  finished_at bigint,
  stopped_at bigint,
  updated_at bigint not null,
  primary key (invocation_id, instance_id, run_start)
);

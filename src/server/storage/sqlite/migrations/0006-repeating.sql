-- Invocations that run more than once, later, or not at all (dry runs).
alter table invocation add column repeat_mode text not null default 'Once';
alter table invocation add column frequency text not null default '';
alter table invocation add column n_scheduled integer not null default 0;
-- A task carries its kind, so that what concerns a host needs no look at each invocation.
alter table task add column repeat_mode text not null default 'Once';
alter table task add column runs integer not null default 0;
-- When the latest run began by the clock of its host: what tells its runs apart.
alter table task add column run_start integer;
create index task_schedules on task (instance_id, invocation_id) where final = 0 and repeat_mode <> 'Once';

-- Runs that are over, of tasks that run more than once.
create table task_run (
  invocation_id text not null,
  instance_id text not null,
  run_start integer not null,
  state text not null,
  outcome_unknown integer not null,
  error_code text not null,
  error_info text not null,
  exit_code integer,
  dropped integer not null,
  output_bytes integer not null,
  output blob not null,
  created_at integer not null,
  started_at integer,
  finished_at integer,
  stopped_at integer,
  updated_at integer not null,
  primary key (invocation_id, instance_id, run_start)
);

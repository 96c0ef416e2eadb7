-- Which command each version of an invocation that was changed runs; one that never was has no rows.
create table invocation_command (
  invocation_id text not null,
  version integer not null,
  command_id text not null,
  primary key (invocation_id, version)
);
create index invocation_command_of on invocation_command (command_id, invocation_id);
-- The version that a run is of: the latest of a task, and each that is kept. Null: not known, or nothing ran.
alter table task add column run_version integer;
alter table task_run add column run_version integer;

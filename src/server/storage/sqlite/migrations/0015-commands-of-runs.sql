-- Which command each version of an invocation that was changed runs; one that never was has no rows.
create table invocation_command (
  invocation_id text not null,
  version integer not null,
  command_id text not null,
  primary key (invocation_id, version)
);
create index invocation_command_of on invocation_command (command_id, invocation_id);
-- The version that a run is of: the latest of a task, and each that is kept. Null: the first, or nothing ran.
alter table task add column run_version integer;
alter table task_run add column run_version integer;
-- When a host was first handed the version that it has of what repeats. Null: not known.
alter table task add column version_since integer;
-- 1: the agent that took the task says what it can do, so it is none of the vendor's. Null: not known, or nobody took it.
alter table task add column agent_tells integer;

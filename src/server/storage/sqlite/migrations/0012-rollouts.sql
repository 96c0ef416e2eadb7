-- How the hosts of an invocation or a file send get their turn (docs/adr/0016-rollouts.md).
create table rollout (
  account_id text not null,
  region_id text not null,
  invocation_id text not null primary key,
  kind text not null,
  status text not null,
  reason text not null,
  is_over integer not null,
  total integer not null,
  max_concurrency integer,
  stop_after_failures integer,
  wave_ends text not null,
  wave integer not null,
  wave_end integer not null,
  pause_between_waves integer,
  queue_until integer,
  resume_at integer,
  created_at integer not null,
  updated_at integer not null
) without rowid;
create index rollout_by_scope on rollout (account_id, region_id, created_at, invocation_id);
create index rollout_open on rollout (invocation_id) where is_over = 0;

alter table invocation add column n_waiting integer not null default 0;
alter table invocation add column n_queued integer not null default 0;
alter table file_send add column n_waiting integer not null default 0;
alter table file_send add column n_queued integer not null default 0;
-- The place of a host in its rollout. A task leaves these indexes when its turn comes; others never are in them.
alter table task add column position integer;
create index task_waiting on task (invocation_id, position) where state = 'Waiting';
create index task_queued on task (invocation_id, instance_id) where state = 'Queued';
create index task_queued_on on task (instance_id, invocation_id) where state = 'Queued';
alter table file_task add column position integer;
create index file_task_waiting on file_task (send_id, position) where state = 'Waiting';
create index file_task_queued on file_task (send_id, instance_id) where state = 'Queued';
create index file_task_queued_on on file_task (instance_id, send_id) where state = 'Queued';

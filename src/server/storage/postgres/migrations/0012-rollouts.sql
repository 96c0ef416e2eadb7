-- How the hosts of an invocation or a file send get their turn (docs/adr/0016-rollouts.md).
create table rollout (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  invocation_id text collate "C" not null primary key,
  kind text collate "C" not null,
  status text collate "C" not null,
  reason text collate "C" not null,
  is_over bigint not null,
  total bigint not null,
  max_concurrency bigint,
  stop_after_failures bigint,
  wave_ends text collate "C" not null,
  wave bigint not null,
  wave_end bigint not null,
  pause_between_waves bigint,
  queue_until bigint,
  resume_at bigint,
  created_at bigint not null,
  updated_at bigint not null
);
create index rollout_by_scope on rollout (account_id, region_id, created_at, invocation_id);
create index rollout_open on rollout (invocation_id) where is_over = 0;

alter table invocation add column n_waiting bigint not null default 0;
alter table invocation add column n_queued bigint not null default 0;
alter table file_send add column n_waiting bigint not null default 0;
alter table file_send add column n_queued bigint not null default 0;
-- The place of a host in its rollout. A task leaves these indexes when its turn comes; others never are in them.
alter table task add column position bigint;
create index task_waiting on task (invocation_id, position) where state = 'Waiting';
create index task_queued on task (invocation_id, instance_id) where state = 'Queued';
create index task_queued_on on task (instance_id, invocation_id) where state = 'Queued';
alter table file_task add column position bigint;
create index file_task_waiting on file_task (send_id, position) where state = 'Waiting';
create index file_task_queued on file_task (send_id, instance_id) where state = 'Queued';
create index file_task_queued_on on file_task (instance_id, send_id) where state = 'Queued';

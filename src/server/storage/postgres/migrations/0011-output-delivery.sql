-- Where the outputs of an invocation are delivered to; empty for nowhere.
alter table invocation add column oss_output_delivery text collate "C" not null default '';
-- A task carries that it is, so that its end needs no look at the invocation.
alter table task add column delivers_output bigint not null default 0;

-- Deliveries of outputs: of what is over, one for each run. `due_at` is null when nothing is left to be done.
create table output_delivery (
  invocation_id text collate "C" not null,
  instance_id text collate "C" not null,
  -- Of one of several runs; 0 for what runs once.
  run_start bigint not null,
  status text collate "C" not null,
  uri text collate "C" not null,
  error_code text collate "C" not null,
  error_info text collate "C" not null,
  -- Grows when the output changed.
  version bigint not null,
  attempts bigint not null,
  queued_at bigint not null,
  due_at bigint,
  updated_at bigint not null,
  primary key (invocation_id, instance_id, run_start)
);
create index output_delivery_due on output_delivery (due_at) where due_at is not null;
-- Whether an invocation has anything left to be delivered.
create index output_delivery_open on output_delivery (invocation_id) where due_at is not null;

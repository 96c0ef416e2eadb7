-- Where the outputs of an invocation are delivered to; empty for nowhere.
alter table invocation add column oss_output_delivery text not null default '';
-- A task carries that it is, so that its end needs no look at the invocation.
alter table task add column delivers_output integer not null default 0;

-- Deliveries of outputs: of what is over, one for each run. `due_at` is null when nothing is left to be done.
create table output_delivery (
  invocation_id text not null,
  instance_id text not null,
  -- Of one of several runs; 0 for what runs once.
  run_start integer not null,
  status text not null,
  uri text not null,
  error_code text not null,
  error_info text not null,
  -- Grows when the output changed.
  version integer not null,
  attempts integer not null,
  queued_at integer not null,
  due_at integer,
  updated_at integer not null,
  primary key (invocation_id, instance_id, run_start)
) without rowid;
create index output_delivery_due on output_delivery (due_at) where due_at is not null;
-- Whether an invocation has anything left to be delivered.
create index output_delivery_open on output_delivery (invocation_id) where due_at is not null;

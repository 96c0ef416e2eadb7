-- Invocations that callers are told of, and their tasks: lists without a filter are counted here.
create table invocation_total (
  account_id text not null,
  region_id text not null,
  invocations integer not null,
  tasks integer not null,
  primary key (account_id, region_id)
) without rowid;
insert into invocation_total (account_id, region_id, invocations, tasks)
  select account_id, region_id, count(*),
    sum(n_waiting + n_queued + n_pending + n_scheduled + n_running + n_stopping + n_success + n_failed + n_broken + n_stopped)
  from invocation where committed = 1 group by account_id, region_id;

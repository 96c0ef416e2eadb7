-- Secrets that scripts refer to by name. Values are sealed, each bound to its row.
create table secret_parameter (
  account_id text not null,
  region_id text not null,
  name text not null,
  id text not null,
  description text not null,
  version integer not null,
  sealed_value blob not null,
  value_bytes integer not null,
  created_at integer not null,
  created_by text not null,
  updated_at integer not null,
  updated_by text not null,
  primary key (account_id, region_id, name)
);

-- What hosts were handed, so that it can be found in what they write, whatever became of the secret since.
create table handed_out_secret (
  invocation_id text not null,
  secret_id text not null,
  version integer not null,
  sealed_value blob not null,
  primary key (invocation_id, secret_id, version)
);

-- The end of an output that may be the beginning of a secret, sealed, until more of it comes.
create table held_output (
  invocation_id text not null,
  instance_id text not null,
  sealed blob not null,
  primary key (invocation_id, instance_id)
);

-- What a script does with secrets: none; guarded, only where they stay off disks; allowed, anywhere.
alter table invocation add column secrets text not null default 'none';

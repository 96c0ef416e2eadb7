-- Secrets that scripts refer to by name. Values are sealed, each bound to its row.
create table secret_parameter (
  account_id text collate "C" not null,
  region_id text collate "C" not null,
  name text collate "C" not null,
  id text collate "C" not null,
  description text collate "C" not null,
  version bigint not null,
  sealed_value bytea not null,
  value_bytes bigint not null,
  created_at bigint not null,
  created_by text collate "C" not null,
  updated_at bigint not null,
  updated_by text collate "C" not null,
  primary key (account_id, region_id, name)
);

-- What hosts were handed, so that it can be found in what they write, whatever became of the secret since.
create table handed_out_secret (
  invocation_id text collate "C" not null,
  secret_id text collate "C" not null,
  version bigint not null,
  sealed_value bytea not null,
  primary key (invocation_id, secret_id, version)
);

-- The end of an output that may be the beginning of a secret, sealed, until more of it comes.
create table held_output (
  invocation_id text collate "C" not null,
  instance_id text collate "C" not null,
  sealed bytea not null,
  primary key (invocation_id, instance_id)
);

-- What a script does with secrets: none; guarded, only where they stay off disks; allowed, anywhere.
alter table invocation add column secrets text collate "C" not null default 'none';

-- What an invocation runs can be changed while it repeats: each change is a version of it.
alter table invocation add column version bigint not null default 1;
-- The version that a host was handed.
alter table task add column version bigint not null default 1;

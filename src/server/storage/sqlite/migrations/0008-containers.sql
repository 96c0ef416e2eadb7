-- Where the script of an invocation runs on its hosts; empty for the host itself.
alter table invocation add column container_id text not null default '';
alter table invocation add column container_name text not null default '';

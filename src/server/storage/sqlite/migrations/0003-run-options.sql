-- How the script of an invocation is started and ended; empty for what was not asked for.
alter table invocation add column launcher text not null default '';
alter table invocation add column termination_mode text not null default '';

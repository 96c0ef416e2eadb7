-- Name of the stored password of a Windows user; empty for none.
alter table invocation add column windows_password_name text not null default '';

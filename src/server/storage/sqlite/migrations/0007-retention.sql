-- Invocations on their way out (committed = 2): no reader sees them, and their rows are removed step by step.
create index invocation_hidden on invocation (id) where committed = 2;
-- Whether anybody still has a script.
create index invocation_by_script on invocation (script_hash);
create index command_by_script on command (script_hash);
-- Runs that are too old, of invocations that go on.
create index task_run_by_age on task_run (updated_at);

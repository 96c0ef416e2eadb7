-- A host's unfinished tasks in the order in which they are handed out. With the state between, the planner took the index
-- of all its tasks instead.
drop index task_unfinished;
create index task_unfinished on task (instance_id, invocation_id) where final = 0;

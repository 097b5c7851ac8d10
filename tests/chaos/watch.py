"""
Triggers that see every single change of a task, where the sampler sees one now and then.

What PostgreSQL forgets in a crash, it forgets together with what the triggers wrote of it.
"""

from __future__ import annotations

from django.db import connection

_WATCH_TASKS = """
    CREATE OR REPLACE FUNCTION chaos_watch_task() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        final CONSTANT text[] := '{completed,failed,canceled}';
    BEGIN
        IF NEW.status <> OLD.status OR NEW.attempt <> OLD.attempt THEN
            INSERT INTO chaos_transition (task_id, before, after, attempt, at)
            VALUES (NEW.id, OLD.status, NEW.status, NEW.attempt, clock_timestamp());
        END IF;
        INSERT INTO chaos_fault (text)
        SELECT format('task %s: %s: %s → %s', NEW.id, fault, OLD, NEW)
        FROM (VALUES
            ('progress fell', NEW.progress < OLD.progress),
            ('version fell', NEW.version < OLD.version),
            ('attempt fell', NEW.attempt < OLD.attempt),
            ('changed after its end', OLD.status = ANY(final) AND NEW.status <> 'pending')
        ) AS rules (fault, is_broken) WHERE is_broken;
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER chaos_watch AFTER UPDATE ON tasks_taskinfo
        FOR EACH ROW EXECUTE FUNCTION chaos_watch_task();
"""
_WATCH_STEPS = """
    CREATE OR REPLACE FUNCTION chaos_watch_step() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO chaos_fault (text)
        VALUES (format('a step that was stored changed: %s → %s', OLD, NEW));
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER chaos_watch AFTER UPDATE OR DELETE ON tasks_taskstep
        FOR EACH ROW EXECUTE FUNCTION chaos_watch_step();
"""


def begin() -> None:
    """From now on all changes are watched."""
    with connection.cursor() as cursor:
        cursor.execute(_WATCH_TASKS)
        cursor.execute(_WATCH_STEPS)

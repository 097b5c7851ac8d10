"""
The statements of `lifecycle` that are SQL, and of nobody else.

The ORM can neither join in an UPDATE nor return what it wrote, and each of these is one round trip
in the path of every task.
"""

from __future__ import annotations

from tasks.claims import IS_CLAIMED
from tasks.messages import ADD_LINES

#: Begins the next attempt if the delivery is the latest of the task's entry, and lets the commit
#: not wait for the disk.
CLAIM = """
    WITH ready AS (
        SELECT id, entry_id, status, worker, GREATEST(updated_at, queued_at, retry_at) AS since
        FROM tasks_taskinfo
        WHERE id = %(task)s AND status IN ('pending', 'running')
            AND cancel_requested_at IS NULL AND attempt < max_attempts
        FOR UPDATE  -- the task first and its entry then, as in END
    ), held AS (
        SELECT entry.id FROM django_q_ormq AS entry JOIN ready ON entry.id = ready.entry_id
        WHERE entry.id = %(entry)s AND entry.lock = %(leased_until)s
        FOR UPDATE OF entry
    ), extended AS (
        UPDATE django_q_ormq AS entry SET lock = now() + %(lease)s
        FROM held WHERE entry.id = held.id
    )
    UPDATE tasks_taskinfo AS task
    SET status = 'running', attempt = attempt + 1, started_at = now(), retry_at = NULL,
        updated_at = now(), version = version + 1, worker = %(worker)s
    FROM held, ready WHERE task.entry_id = held.id AND task.id = ready.id
    RETURNING task.attempt, task.started_at, task.kind, task.params, task.language,
        task.max_attempts, task.owner_key, task.request_id,
        ready.status, now() - GREATEST(ready.since, (
            SELECT seen_at FROM tasks_process
            WHERE id = ready.worker AND ready.status = 'running'
        )),
        set_config('synchronous_commit', 'off', true)
"""

#: Moves the lease of the entry on, and says whether a cancel has been asked for.
EXTEND_LEASE = """
    WITH extended AS (
        UPDATE django_q_ormq AS entry SET lock = now() + %(lease)s
        FROM tasks_taskinfo AS task
        WHERE task.entry_id = entry.id AND task.id = %(id)s AND task.status = 'running'
            AND task.attempt = %(attempt)s AND task.started_at = %(started_at)s
    )
    SELECT cancel_requested_at IS NOT NULL, set_config('synchronous_commit', 'off', true)
    FROM tasks_taskinfo
    WHERE id = %(id)s AND status = 'running'
        AND attempt = %(attempt)s AND started_at = %(started_at)s
"""

#: Shows progress and lines, and keeps the row locked until the commit.
TOUCH = f"""
    WITH touched AS (
        UPDATE tasks_taskinfo
        SET progress = GREATEST(progress, %s), message_count = message_count + %s,
            version = version + 1, updated_at = now()
        WHERE {IS_CLAIMED}
        RETURNING id, message_count - %s AS before
    ), said AS (
        {ADD_LINES.format(task="touched")}
    )
    SELECT id FROM touched
"""

#: Locks a task whose worker died if it must not run again, and says whether it was canceled.
SETTLE = """
    SELECT task.cancel_requested_at IS NOT NULL
    FROM tasks_taskinfo AS task JOIN django_q_ormq AS entry ON entry.id = task.entry_id
    WHERE task.id = %s AND entry.id = %s AND entry.lock = %s
        AND task.status IN ('pending', 'running')
        AND (task.cancel_requested_at IS NOT NULL OR task.attempt >= task.max_attempts)
    FOR UPDATE
"""

#: Ends the one task that is `where`, to be filled in, takes it out of the queue, and returns what
#: is measured of it. The terms of `where` come first.
END = f"""
    WITH held AS (
        SELECT id, entry_id FROM tasks_taskinfo WHERE {{where}} FOR UPDATE
    ), ended AS (
        UPDATE tasks_taskinfo AS task
        SET status = %s, entry_id = NULL, retry_at = NULL, progress = GREATEST(progress, %s),
            result = %s::jsonb, error = %s, message_count = message_count + %s,
            completed_at = now(), updated_at = now(), version = version + 1
        FROM held WHERE task.id = held.id
        RETURNING task.id, held.entry_id, task.owner_key, message_count - %s AS before,
            task.kind, completed_at - task.created_at AS total,
            completed_at - task.started_at AS run,
            completed_at - task.cancel_requested_at AS cancel
    ), gone AS (
        DELETE FROM django_q_ormq AS entry USING ended WHERE entry.id = ended.entry_id
    ), said AS (
        {ADD_LINES.format(task="ended")}
    )
    SELECT id, owner_key, kind, total, run, cancel FROM ended
"""

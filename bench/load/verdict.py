"""Whether every promise was kept: what was accepted has ended, as it should, once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

_UNFINISHED = "SELECT count(*) FROM tasks_taskinfo WHERE completed_at IS NULL"
_ENDS = "SELECT id::text, status, error FROM tasks_taskinfo"
# Of each end a task says one line.
_ENDED_TWICE = """
    SELECT task_id::text FROM tasks_taskmessage WHERE message IN ('Task completed', 'Task canceled')
    GROUP BY task_id HAVING count(*) > 1
"""


def wait_for_the_end(database: Any, seconds: float) -> None:
    """Return when no task is active any more, or after `seconds`."""
    deadline = time.monotonic() + seconds
    while database.execute(_UNFINISHED).fetchone()[0] and time.monotonic() < deadline:
        time.sleep(0.2)


def lost(database: Any, promised: Mapping[str, str]) -> list[str]:
    """A sentence for each task that is not there, not over, over twice, or ended otherwise."""
    rows = {task_id: (status, error) for task_id, status, error in database.execute(_ENDS)}
    found = [f"{one} was accepted and is not there" for one in promised.keys() - rows.keys()]
    for task_id, (status, error) in rows.items():
        # The answer to a submission may have got lost, with a web process; the task may not.
        expected = promised.get(task_id)
        if status in ("pending", "running"):
            found.append(f"{task_id} is {status} for ever")
        elif expected and status != expected:
            found.append(f"{task_id} is {status} ({error}), not {expected}")
    found += [f"{task_id} ended twice" for (task_id,) in database.execute(_ENDED_TWICE)]
    return found

"""What a task says to people, in its own language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tasks.models import TaskMessage

#: Adds lines after those there are, in a statement of SQL. `task` is a relation with the task's id
#: and how many lines it had `before`; the terms are those of `columns`. The count stands in the
#: task's row, because what waits for that row sees the count anew, but not the lines.
ADD_LINES = """
    INSERT INTO tasks_taskmessage (task_id, seq, time, level, message)
    SELECT task.id, task.before + place, now() - age, level, text
    FROM {task} AS task, unnest(%s::interval[], %s::text[], %s::text[])
        WITH ORDINALITY AS line (age, level, text, place)
"""

_APPEND = f"""
    WITH counted AS (
        UPDATE tasks_taskinfo SET message_count = message_count + %s WHERE id = %s
        RETURNING id, message_count - %s AS before
    )
    {ADD_LINES.format(task="counted")}
"""


@dataclass(frozen=True)
class Message:
    """One line for people, in the task's language, said `age` ago."""

    text: str
    level: str = TaskMessage.Level.INFO
    age: timedelta = timedelta(0)


def append(task_id: UUID, messages: Sequence[Message]) -> None:
    """Add `messages` after those there are."""
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, [len(messages), task_id, len(messages), *columns(messages)])


def columns(messages: Sequence[Message]) -> list[Any]:
    """What ADD_LINES takes: ages, levels and texts."""
    return [
        [message.age for message in messages],
        [str(message.level) for message in messages],
        [message.text for message in messages],
    ]

"""What a task says to people, in its own language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tasks.models import TaskMessage

#: Adds lines after those there are, in a statement of SQL. `task` is a relation with one id; the
#: terms are those of `columns`. The lock on the row of the task, which the caller has, orders.
ADD_LINES = """
    INSERT INTO tasks_taskmessage (task_id, seq, time, level, message)
    SELECT task.id,
        place + COALESCE((SELECT max(seq) FROM tasks_taskmessage WHERE task_id = task.id), 0),
        now() - age, level, text
    FROM {task} AS task, unnest(%s::interval[], %s::text[], %s::text[])
        WITH ORDINALITY AS line (age, level, text, place)
"""


@dataclass(frozen=True)
class Message:
    """One line for people, in the task's language, said `age` ago."""

    text: str
    level: str = TaskMessage.Level.INFO
    age: timedelta = timedelta(0)


def append(task_id: UUID, messages: Sequence[Message]) -> None:
    """Add `messages` after those there are; the task's row lock, which the caller has, orders."""
    if not messages:
        return
    sql = ADD_LINES.format(task="(SELECT %s::uuid AS id)")
    with connection.cursor() as cursor:
        cursor.execute(sql, [task_id, *columns(messages)])


def columns(messages: Sequence[Message]) -> list[Any]:
    """What ADD_LINES takes: ages, levels and texts."""
    return [
        [message.age for message in messages],
        [str(message.level) for message in messages],
        [message.text for message in messages],
    ]

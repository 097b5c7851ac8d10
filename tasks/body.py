"""
A task as JSON, in the contract's words and types, rendered by PostgreSQL.

One statement reads a task with its messages and its place in line; the result, which may be large,
is passed on as the text the database has, and never parsed. Instants are seconds since 1970 and
always have a decimal point: clients in Dart read a double.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django_q.conf import Conf as QConf

from tasks.models import FINAL, TaskStatus

#: Whoever is further back in line is told this: nobody plans by such a number, and counting costs.
COUNTED_PLACES = 1000
LONGEST_RETRY_SECONDS = 30
_BEFORE_RESULT = ', "result": '


def _epoch(column: str) -> str:
    # A JSON number made of the double would print whole seconds without a decimal point.
    return f"to_char(extract(epoch FROM {column}), 'FM9999999999990.0999999')::json"


_PLACE = """
    CASE WHEN task.status = 'pending' AND task.retry_at IS NULL THEN (
        SELECT 1 + (
            SELECT count(*) FROM (
                SELECT 1 FROM django_q_ormq AS earlier
                WHERE earlier.key = %(key)s
                    AND (earlier.lock, earlier.id) < (entry.lock, entry.id)
                LIMIT %(counted)s - 1
            ) AS counted
        ) FROM django_q_ormq AS entry WHERE entry.id = task.entry_id
    ) END
"""
_MESSAGES = f"""
    COALESCE((
        SELECT json_agg(json_build_object(
            'seq', said.seq, 'time', {_epoch("said.time")},
            'level', said.level, 'message', said.message
        ) ORDER BY said.seq)
        FROM tasks_taskmessage AS said WHERE said.task_id = task.id
    ), '[]')
"""


def _statement(result: str) -> str:
    return f"""
    SELECT task.id, task.owner_key, task.version, task.status, place.number,
        extract(epoch FROM task.retry_at - now())::float,
        left(json_build_object(
            'id', task.id,
            'kind', task.kind,
            'description', task.description,
            'status', task.status,
            'progress', task.progress,
            'priority', task.priority,
            'queue_position', place.number,
            'attempt', task.attempt,
            'retry_at', {_epoch("task.retry_at")},
            'cancel_requested', task.cancel_requested_at IS NOT NULL,
            'created_at', {_epoch("task.created_at")},
            'updated_at', {_epoch("task.updated_at")},
            'completed_at', {_epoch("task.completed_at")},
            'messages', {_MESSAGES}
        )::text, -1)
        || CASE WHEN task.cancel_reason = '' THEN ''
            ELSE ', "cancel_reason": ' || to_json(task.cancel_reason)::text END
        || CASE WHEN task.error = '' THEN '' ELSE ', "error": ' || to_json(task.error)::text END
        || '}}',
        {result}
    FROM tasks_taskinfo AS task
        CROSS JOIN LATERAL (SELECT {_PLACE} AS number) AS place
    WHERE task.id = ANY(%(ids)s)
"""


_WITH_RESULT = _statement("task.result::text")
_WITHOUT_RESULT = _statement("NULL")


@dataclass(frozen=True)
class Body:
    """
    What one reading of a task found. `text` is a JSON object without the result.

    `place` is 1 for the next task to be taken, and None for one that is not in line;
    `retry_seconds` is what is left of the back-off after a failed attempt. `content` is the whole
    body, the result in it: as a str beside it, a result would take twice as much again.
    """

    task_id: UUID
    owner_key: str
    version: int
    status: str
    place: int | None
    retry_seconds: float | None
    text: str
    content: bytes

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def result(self) -> str | None:
        """Cut out of the whole at each call."""
        start = len(self.text.encode()) - 1
        if len(self.content) <= start + 1:
            return None
        return self.content[start + len(_BEFORE_RESULT) : -1].decode()

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.content, compresslevel=6, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Weak, because the compressed body has the same. The place in line counts as well."""
        return f'W/"{hashlib.blake2b(self.content, digest_size=12).hexdigest()}"'

    @cached_property
    def fields(self) -> dict[str, Any]:
        """All but the result, as Python values."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed

    @property
    def retry_after(self) -> int | None:
        """Seconds until another look is worth it; None for a task that has ended."""
        if self.is_final:
            return None
        if self.retry_seconds is not None:
            return _between_1_and_longest(self.retry_seconds)
        if self.status == TaskStatus.PENDING:
            # A task without a place waits for another one of its owner.
            return _between_1_and_longest(5 if self.place is None else self.place / 5)
        return 1

    @property
    def size(self) -> int:
        """About how many bytes it keeps in memory when it has been sent both ways."""
        return 3 * len(self.text) + len(self.content) * 4 // 3 + 1000


def read(task_id: UUID) -> Body | None:
    """The task as it is now, or None if there is none of this id."""
    return next(iter(_rows(_WITH_RESULT, [task_id])), None)


def read_many(task_ids: Sequence[UUID]) -> list[Body]:
    """The tasks in this order, without their results."""
    found = {body.task_id: body for body in _rows(_WITHOUT_RESULT, task_ids)}
    return [found[task_id] for task_id in task_ids if task_id in found]


def versions(task_ids: Iterable[UUID]) -> dict[UUID, tuple[int, str]]:
    """Version and status of those tasks that are still there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, version, status FROM tasks_taskinfo WHERE id = ANY(%s)", [list(task_ids)]
        )
        return {task_id: (version, status) for task_id, version, status in cursor.fetchall()}


def _rows(statement: str, task_ids: Sequence[UUID]) -> Iterable[Body]:
    terms = {"ids": list(task_ids), "key": QConf.CLUSTER_NAME, "counted": COUNTED_PLACES}
    with connection.cursor() as cursor:
        cursor.execute(statement, terms)
        return [_body(*row) for row in cursor.fetchall()]


def _body(*row: Any) -> Body:
    *_, text, result = row
    whole = text if result is None else f"{text[:-1]}{_BEFORE_RESULT}{result}}}"
    fields = *row[:-1], whole.encode()
    return Body(*fields)


def _between_1_and_longest(seconds: float) -> int:
    return max(1, min(LONGEST_RETRY_SECONDS, round(seconds)))

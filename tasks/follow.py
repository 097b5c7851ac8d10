"""Watching a task from a terminal or a test: what changed, until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tasks.models import FINAL, TaskInfo, TaskMessage


def follow(
    task: TaskInfo, *, poll_seconds: float = 0.1
) -> Iterator[tuple[TaskInfo, list[TaskMessage]]]:
    """Yield the task and its new messages at each change; last when it has ended."""
    version, seen = 0, 0
    while True:
        task = TaskInfo.objects.get(pk=task.pk)
        if task.version != version:
            messages = list(task.messages.filter(seq__gt=seen))
            yield task, messages
            version, seen = task.version, seen + len(messages)
        if task.status in FINAL:
            return
        time.sleep(poll_seconds)

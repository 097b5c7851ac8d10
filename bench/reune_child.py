"""
Submits and cancels as told on stdin: `submit KIND TOKEN` answers with the task's id,
`cancel ID` with the instant at which the cancel was committed.
"""

from __future__ import annotations

import sys
import time
from uuid import UUID

import django
from django.db import transaction


def main() -> None:
    django.setup()
    for line in sys.stdin:
        verb, *words = line.split()
        answer = _submit(*words) if verb == "submit" else _cancel(*words)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _submit(kind: str, token: str) -> str:
    from tasks import lifecycle
    from tasks.owners import COMMAND_LINE

    return str(lifecycle.submit(kind, {"token": token}, owner=COMMAND_LINE).pk)


def _cancel(task_id: str) -> int:
    from tasks import lifecycle

    committed: list[int] = []
    with transaction.atomic():
        # First of what follows the commit: before the worker is told.
        transaction.on_commit(lambda: committed.append(time.time_ns()))
        lifecycle.cancel(UUID(task_id), reason="benchmark")
    return committed[0]


if __name__ == "__main__":
    main()

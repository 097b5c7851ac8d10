"""
Submits no-op tasks to one queue, as told on stdin: `python -m bench.submitter NAME`.

`many 200` submits that many and answers when they are stored; `one TOKEN` submits one and answers
with the instant of its commit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

Submit = Callable[[str], None]
#: How many tasks `many` stores with one commit.
BATCH = 200


def reune() -> Submit:
    from bench.handlers import NOOP
    from tasks import lifecycle
    from tasks.owners import COMMAND_LINE

    def submit(token: str) -> None:
        lifecycle.submit(NOOP, {"token": token}, owner=COMMAND_LINE)

    return submit


def djangoq() -> Submit:
    from django_q.tasks import async_task

    def submit(token: str) -> None:
        async_task("bench.stamps.stamp", token)

    return submit


def djangotasks() -> Submit:
    from bench.djangotasks_tasks import noop

    def submit(token: str) -> None:
        noop.enqueue(token)

    return submit


def in_django(make: Callable[[], Submit]) -> tuple[Callable[[int], None], Callable[[str], int]]:
    """`many` and `one` for a queue in Django's database."""
    import django
    from django.db import transaction

    django.setup()
    submit = make()

    def many(count: int) -> None:
        for begin in range(0, count, BATCH):
            with transaction.atomic():
                for _ in range(begin, min(begin + BATCH, count)):
                    submit("-")

    def one(token: str) -> int:
        committed: list[int] = []
        with transaction.atomic():
            # First of what follows the commit: before a NOTIFY or whatever the queue does then.
            transaction.on_commit(lambda: committed.append(time.time_ns()))
            submit(token)
        return committed[0]

    return many, one


def in_procrastinate() -> tuple[Callable[[int], None], Callable[[str], int]]:
    from bench.procrastinate_app import app, noop

    app.open()

    def many(count: int) -> None:
        noop.batch_defer(*({"token": "-"} for _ in range(count)))

    def one(token: str) -> int:
        # Its own transaction: the instant is that of the answer, some 0.1 ms in its favour.
        noop.defer(token=token)
        return time.time_ns()

    return many, one


def main(name: str) -> None:
    if name == "procrastinate":
        many, one = in_procrastinate()
    else:
        queues = {"reune": reune, "djangoq": djangoq, "djangotasks": djangotasks}
        many, one = in_django(queues[name])
    for line in sys.stdin:
        verb, value = line.split()
        if verb == "many":
            many(int(value))
        sys.stdout.write(f"{one(value) if verb == 'one' else 'done'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])

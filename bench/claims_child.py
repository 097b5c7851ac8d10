"""
Claims as many tasks as told on stdin and answers with the median of the seconds it took.

A claim is what lies between a free worker and its handler: the broker takes an entry from the
queue, the worker begins the attempt. `python -m bench.claims_child False` submits the tasks
before, with `True` the queue is full already.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from statistics import median
from uuid import UUID

import django

#: At first the connection is new, and nothing is planned.
WARM_UP = 20


def main(*, is_full: bool) -> None:
    django.setup()
    for line in sys.stdin:
        count = int(line) + WARM_UP
        if not is_full:
            _submit(count)
        took = _claim(count)[WARM_UP:]
        _forget()
        sys.stdout.write(f"{median(took)}\n")
        sys.stdout.flush()


def _submit(count: int) -> None:
    from django.db import transaction

    from bench.handlers import NOOP
    from tasks import lifecycle
    from tasks.owners import COMMAND_LINE

    with transaction.atomic():
        for _ in range(count):
            lifecycle.submit(NOOP, {"token": "-"}, owner=COMMAND_LINE)


def _claim(count: int) -> list[float]:
    from django_q.conf import Conf
    from django_q.signing import SignedPackage

    from tasks import lifecycle
    from tasks.broker import PostgresBroker
    from tasks.queue import Delivery

    Conf.WORKERS = 1
    broker = PostgresBroker(Conf.CLUSTER_NAME)
    took: list[float] = []
    while len(took) < count:
        began = time.perf_counter()
        taken = broker.dequeue()
        seconds = time.perf_counter() - began
        if not taken:
            continue
        task_id, entry_id, leased_until = SignedPackage.loads(taken[0][1])["args"]
        delivery = Delivery(UUID(task_id), entry_id, datetime.fromisoformat(leased_until))
        began = time.perf_counter()
        claimed = lifecycle.claim(delivery)
        took.append(seconds + time.perf_counter() - began)
        lifecycle.complete(claimed.claim, {})
    return took


def _forget() -> None:
    """The history is to stay as long as it is said to be."""
    from bench.handlers import NOOP
    from tasks.models import TaskInfo, TaskStatus

    TaskInfo.objects.filter(kind=NOOP, status=TaskStatus.COMPLETED).delete()


if __name__ == "__main__":
    main(is_full=sys.argv[1] == "True")

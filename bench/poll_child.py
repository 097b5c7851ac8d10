"""
Makes the tasks that are polled, as told on stdin.

`path` submits a learning path for a worker and answers with its id; `running LIKE COUNT` begins so
many tasks that have come halfway, saying what the finished task LIKE said until then; `change RATE
ID…` goes on with each of these RATE times a second until `stop`, which answers how many changes
were made and in how many seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from itertools import count, cycle
from threading import Event, Thread
from typing import TYPE_CHECKING
from uuid import UUID

import django

if TYPE_CHECKING:
    from tasks.claims import Claim
    from tasks.models import TaskInfo

#: What a running task has said when it is polled first, and how far it is.
LINES = 8
PROGRESS = 20
_PATH = {"topic": "python"}
#: Another one: a path that was made before would be reused.
_OTHER_PATH = {"topic": "python", "num_nodes": 20}


def main() -> None:
    django.setup()
    child = PollChild()
    for line in sys.stdin:
        verb, *words = line.split()
        sys.stdout.write(f"{getattr(child, verb)(*words)}\n")
        sys.stdout.flush()


class PollChild:
    """A method for each verb."""

    def __init__(self) -> None:
        self._claims: dict[str, Claim] = {}
        self._changer: Changer | None = None

    def path(self) -> str:
        return str(_submit(_PATH).pk)

    def running(self, like: str, number: str) -> str:
        from tasks.models import TaskMessage

        texts = TaskMessage.objects.filter(task=UUID(like)).values_list("message", flat=True)
        begun = [_begin(list(texts[:LINES])) for _ in range(int(number))]
        self._claims |= {str(claim.task_id): claim for claim in begun}
        return " ".join(str(claim.task_id) for claim in begun)

    def change(self, rate: str, *task_ids: str) -> str:
        self._changer = Changer([self._claims[one] for one in task_ids], float(rate))
        return "changing"

    def stop(self) -> str:
        assert self._changer
        return self._changer.stop()


class Changer:
    """A thread that adds a line to each task and moves it on, evenly spread over time."""

    def __init__(self, claims: Sequence[Claim], rate: float) -> None:
        self._claims = claims
        self._pause = 1 / rate / len(claims)
        self._is_stopped = Event()
        self._made = 0
        self._began = time.monotonic()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> str:
        self._is_stopped.set()
        self._thread.join()
        return f"{self._made} {time.monotonic() - self._began}"

    def _run(self) -> None:
        from django.db import connection

        from tasks import lifecycle
        from tasks.messages import Message

        for number, claim in zip(count(1), cycle(self._claims), strict=False):
            # By the clock, so that a change that took long does not put off all that follow.
            if self._is_stopped.wait(self._began + number * self._pause - time.monotonic()):
                break
            step = number // len(self._claims)
            message = Message(f"Step {step} of some: about as long as a line that a task says.")
            lifecycle.report(claim, progress=min(99, PROGRESS + step), messages=[message])
            self._made = number
        connection.close()


def _submit(params: Mapping[str, object]) -> TaskInfo:
    from tasks import lifecycle
    from tasks.owners import COMMAND_LINE

    return lifecycle.submit("learning_path", params, owner=COMMAND_LINE)


def _begin(lines: Sequence[str]) -> Claim:
    """As a worker begins a task; its lease is as long as the settings of this process say."""
    from django.db.models.functions import Now
    from django_q.models import OrmQ

    from tasks import lifecycle
    from tasks.conf import get_conf
    from tasks.messages import Message
    from tasks.queue import Delivery

    entry = OrmQ.objects.get(task_info=_submit(_OTHER_PATH).pk)
    OrmQ.objects.filter(pk=entry.pk).update(lock=Now() + get_conf().lease)
    entry.refresh_from_db()
    delivery = Delivery(entry.task_info.pk, entry.pk, entry.lock)
    claim = lifecycle.claim(delivery).claim
    lifecycle.report(claim, progress=PROGRESS, messages=[Message(line) for line in lines])
    return claim


if __name__ == "__main__":
    main()

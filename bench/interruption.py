"""How fast a running task stops when it is canceled, and goes on when its worker is gone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.engines import REUNE
from bench.lab import Lab, wait_until
from bench.plan import Plan
from bench.processes import Child, Group, python
from bench.progress import say
from bench.stamps import Stamps

PATIENCE_SECONDS = 60
#: Shorter than the default of 30 and 10, or killing a few workers would take minutes.
LEASE_SECONDS = 6
HEARTBEAT_SECONDS = 2


@dataclass(frozen=True)
class Interrupted:
    """In seconds: from the cancel to the end, and from the loss of the worker to the restart."""

    cancels: list[float]
    kills: list[float]
    stops: list[float]


def measure(lab: Lab, plan: Plan) -> Interrupted:
    lab.set_up(REUNE)
    stamps = lab.new_stamps()
    child = Child(python("-m", "bench.reune_child"), lab.variables_of(REUNE), lab.log_of(REUNE))
    with child:
        cancels = _cancels(lab, child, stamps, plan.cancels)
        say(f"{len(cancels)} cancels")
        kills = _losses(lab, child, stamps, plan.kills, Group.kill)
        say(f"{len(kills)} recoveries after SIGKILL")
        stops = _losses(lab, child, stamps, plan.stops, Group.stop)
        say(f"{len(stops)} recoveries after SIGTERM")
    return Interrupted(cancels, kills, stops)


def _cancels(lab: Lab, child: Child, stamps: Stamps, count: int) -> list[float]:
    """From the commit of the cancel until another session sees the task canceled."""
    with lab.workers(REUNE, 2), lab.connect(REUNE) as database:
        return [_cancel(child, stamps, database, str(number)) for number in range(count)]


def _cancel(child: Child, stamps: Stamps, database: psycopg.Connection[Any], token: str) -> float:
    task_id = child.ask("submit", "bench.sleep", token)
    stamps.wait(1, seconds=PATIENCE_SECONDS)
    time.sleep(random.uniform(0, 0.2))  # anywhere in the lease thread's period
    committed = int(child.ask("cancel", task_id)) / 1e9

    def is_canceled() -> bool:
        status = database.execute("SELECT status FROM tasks_taskinfo WHERE id = %s", [task_id])
        return status.fetchone() == ("canceled",)

    return wait_until(is_canceled, seconds=PATIENCE_SECONDS) - committed


def _losses(
    lab: Lab, child: Child, stamps: Stamps, count: int, lose: Callable[[Group], None]
) -> list[float]:
    """
    From the signal to the worker's command until the task begins again in another one's.

    One task that wanders: each time there are the worker that has it and one that is free.
    """
    took = []
    with ExitStack() as cleanup:

        def start() -> Group:
            worker = cleanup.enter_context(
                lab.workers(
                    REUNE,
                    1,
                    TASK_LEASE_SECONDS=str(LEASE_SECONDS),
                    TASK_HEARTBEAT_SECONDS=str(HEARTBEAT_SECONDS),
                )
            )
            # It is up when it has done something; the other one is busy.
            child.ask("submit", "bench.noop", "up")
            stamps.wait(1, seconds=PATIENCE_SECONDS)
            return worker

        busy = start()
        task_id = child.ask("submit", "bench.sleep", "wanders")
        stamps.wait(1, seconds=PATIENCE_SECONDS)
        for _ in range(count):
            free = start()
            time.sleep(random.uniform(0, HEARTBEAT_SECONDS))
            signaled = time.time()
            lose(busy)
            (begun,) = stamps.wait(1, seconds=PATIENCE_SECONDS)
            took.append(begun.at - signaled)
            busy.wait(PATIENCE_SECONDS)
            busy = free
        child.ask("cancel", task_id)
    return took

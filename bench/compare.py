"""The engines side by side: in turn, round after round, on the same server."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench.engines import ENGINES, Engine
from bench.lab import Lab, wait_until
from bench.plan import Plan
from bench.processes import Child, Group, cpu_seconds
from bench.progress import say
from bench.stamps import Stamp, Stamps

WORKER_COUNTS = (2, 4)
#: What a start, a burst or an end may take before something must be wrong.
PATIENCE_SECONDS = 60


@dataclass
class Measured:
    """Of one engine: pick-ups in seconds; the rest one value a round, by number of workers."""

    pickups: list[float] = field(default_factory=list)
    idle_transactions: list[float] = field(default_factory=list)
    rates: dict[int, list[float]] = field(default_factory=dict)
    cpu_ms_a_task: dict[int, list[float]] = field(default_factory=dict)
    memory_mb: dict[int, list[float]] = field(default_factory=dict)


def compare(lab: Lab, plan: Plan) -> dict[Engine, Measured]:
    measured = {engine: Measured() for engine in ENGINES}
    for engine in ENGINES:
        lab.set_up(engine)
    for number in range(plan.rounds):
        for engine, found in measured.items():
            _measure_waiting(lab, engine, plan, found)
            _measure_work(lab, engine, plan, found)
            say(
                f"round {number + 1}/{plan.rounds} {engine.title}:"
                f" {len(found.pickups)} pick-ups,"
                + "".join(f" {found.rates[count][-1]:.0f}/s with {count}" for count in found.rates)
            )
    return measured


def _measure_waiting(lab: Lab, engine: Engine, plan: Plan, found: Measured) -> None:
    """What workers cost that have nothing to do, and how fast they begin when there is a task."""
    stamps = lab.new_stamps()
    with (
        lab.submitter(engine) as submitter,
        lab.workers(engine, 2),
        lab.connect(engine) as database,
    ):
        submitter.ask("many", 20)
        stamps.wait(20, seconds=PATIENCE_SECONDS)
        _wait_until_idle(database, engine)
        found.idle_transactions.append(_idle_transactions(lab, engine, plan.idle_seconds))
        deadline = time.monotonic() + plan.pickup_seconds
        for number in range(plan.pickups):
            found.pickups.append(_pickup(submitter, stamps, str(number)))
            _wait_until_idle(database, engine)
            # A task may come at any moment of the poll.
            time.sleep(random.uniform(0.01, 0.05 + engine.poll_seconds))
            if time.monotonic() > deadline:
                break


def _pickup(submitter: Child, stamps: Stamps, token: str) -> float:
    """Seconds from the commit of a submission to the first line of its handler."""
    committed = int(submitter.ask("one", token)) / 1e9
    (begun,) = stamps.wait(1, seconds=PATIENCE_SECONDS)
    assert begun.token == token
    return begun.at - committed


def _idle_transactions(lab: Lab, engine: Engine, seconds: float) -> float:
    """Transactions a second. A session reports them a second after they ended, or later."""
    time.sleep(2)
    before, began = lab.server.transactions(engine.database), time.monotonic()
    time.sleep(seconds)
    ended = lab.server.transactions(engine.database) - before
    return ended / (time.monotonic() - began)


def _measure_work(lab: Lab, engine: Engine, plan: Plan, found: Measured) -> None:
    """What workers do with a full queue, and how large they are then."""
    with lab.submitter(engine) as submitter:
        for count in WORKER_COUNTS:
            stamps = lab.new_stamps()
            submitter.ask("many", plan.tasks)
            with lab.workers(engine, count) as workers:
                work = _work(lab, engine, workers, count, stamps, plan.tasks)
                found.rates.setdefault(count, []).append(work.tasks / work.seconds)
                cpu_ms = work.cpu_seconds / work.tasks * 1000
                found.cpu_ms_a_task.setdefault(count, []).append(cpu_ms)
                time.sleep(1)  # Django-Q2 may be about to replace a worker that has done 500 tasks
                found.memory_mb.setdefault(count, []).append(workers.memory_mb())


@dataclass(frozen=True)
class Work:
    tasks: int
    seconds: float
    cpu_seconds: float


def _work(lab: Lab, engine: Engine, workers: Group, count: int, stamps: Stamps, tasks: int) -> Work:
    """
    What was done from when the last worker had come up until the last task had ended.

    In the database it has ended, with all that the engine writes of it. The processor time is
    that of the workers and of PostgreSQL.
    """
    begun: list[Stamp] = []
    while len({one.pid for one in begun}) < count:
        begun += stamps.wait(1, seconds=PATIENCE_SECONDS)
        if len(begun) == tasks:
            raise RuntimeError(f"not all {count} workers of {engine.title} had work")
    cpu = cpu_seconds(workers.family() + lab.server.processes())
    stamps.wait(tasks - len(begun), seconds=PATIENCE_SECONDS)
    with lab.connect(engine) as database:
        ended = _wait_until_idle(database, engine)
    cpu = cpu_seconds(workers.family() + lab.server.processes()) - cpu
    return Work(tasks - len(begun), ended - begun[-1].at, cpu)


def _wait_until_idle(database: psycopg.Connection[Any], engine: Engine) -> float:
    return wait_until(
        lambda: database.execute(engine.is_busy).fetchone() == (False,), seconds=PATIENCE_SECONDS
    )

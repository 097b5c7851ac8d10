"""One storm: tasks come in, processes die, and in the end everything has to be right."""

from __future__ import annotations

import heapq
import itertools
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeVar
from uuid import UUID

import psutil
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django_q.models import OrmQ

from tasks import lifecycle
from tasks.exceptions import TransitionRefused
from tasks.models import ACTIVE, TaskInfo, TaskLimit
from tasks.owners import COMMAND_LINE, Owner
from tests.chaos import plan
from tests.chaos.clusters import (
    LEASE_SECONDS,
    WORKERS,
    Cluster,
    Postgres,
    hit,
    left_behind,
    new_storm,
    what_runs,
)
from tests.chaos.handlers import KIND, MENDED
from tests.chaos.invariants import Wanted, judge
from tests.chaos.models import Effect, Fault, Mark, Transition
from tests.chaos.plan import OWNERS, PlannedTask
from tests.chaos.report import Interrupted, Report
from tests.chaos.sampler import Sampler
from tests.processes import wait_for

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

#: How long everything may take to end once the harm is over: a lease, the longest back-offs.
CALM_SECONDS = 180
STOP_SECONDS = 30
DATABASE_SECONDS = 30
#: A SIGTERM that the command is meant to hear.
_DEPLOY = ("TERM", "command")


@dataclass(frozen=True)
class Size:
    """`kills` includes every signal but CONT; `crashes` are of PostgreSQL."""

    tasks: int
    kills: int
    crashes: int
    clusters: int
    seconds: float


class Storm:
    """Everything that happens between the first task and the last process's end."""

    def __init__(self, seed: int, size: Size, postgres: Postgres) -> None:
        self.report = Report(seed)
        self._size = size
        self._postgres = postgres
        self._random = Random(seed)
        self._wanted = Wanted()
        self._sampler = Sampler()
        self._name = new_storm()
        self._numbers = itertools.count(seed * 1000)
        self._clusters: list[Cluster] = []
        self._stopping: list[tuple[Cluster, float]] = []
        self._paused: set[int] = set()
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._interrupted: list[Interrupted] = []
        self._began = 0.0

    def run(self) -> Report:
        """Rage, calm down, and compare what is there with what was promised."""
        _clean_database()
        try:
            with self._sampler:
                self._begin()
                self._rage()
                self._calm_down()
                self._check_that_all_clusters_work()
                self._stop_all()
        finally:
            hit(left_behind(self._name), signal.SIGKILL)
        self._write_report()
        return self.report

    # --- The storm ------------------------------------------------------------------------

    def _begin(self) -> None:
        """The time of the storm runs from when there is something to harm."""
        self._clusters = [self._new_cluster() for _ in range(self._size.clusters)]
        for cluster in self._clusters:
            wait_for(lambda cluster=cluster: len(cluster.of_role("worker")) == WORKERS)
        self._began = time.monotonic()
        self._plan()

    def _rage(self) -> None:
        while self._agenda:
            self._restart_the_dead()
            due, _, act = self._agenda[0]
            wait = due - (time.monotonic() - self._began)
            if wait > 0:
                time.sleep(min(wait, 0.1))
                continue
            heapq.heappop(self._agenda)
            act()

    def _plan(self) -> None:
        seconds, count = self._size.seconds, self._size.kills
        for task in plan.plan_tasks(self._random, count=self._size.tasks, seconds=seconds):
            self._at(task.at, lambda task=task: self._submit(task))
        for at in plan.plan_instants(self._random, count=count, seconds=seconds):
            self._at(at, self._harm)
        for at in plan.plan_instants(self._random, count=self._size.crashes, seconds=seconds):
            self._at(at, self._crash_postgres)

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (seconds, next(self._order), act))

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._at(time.monotonic() - self._began + seconds, act)

    def _submit(self, task: PlannedTask) -> None:
        owner = _owner(task.owner_key)
        accepted = patiently(
            lambda: lifecycle.submit(KIND, task.params, owner=owner, priority=task.priority)
        )
        self._wanted.accepted[accepted.pk] = task
        if task.cancel_after is not None:
            self._after(task.cancel_after, lambda: self._cancel(accepted.pk, task))
        elif task.is_resumed:
            self._after(1, lambda: self._resume_when_ended(accepted.pk))

    def _cancel(self, task_id: UUID, task: PlannedTask) -> None:
        self._wanted.canceled.add(task_id)
        try:
            patiently(lambda: lifecycle.cancel(task_id, reason="chaos"))
        except TransitionRefused:
            return  # it was faster
        if task.is_resumed:
            self._after(1, lambda: self._resume_when_ended(task_id))

    def _resume_when_ended(self, task_id: UUID) -> None:
        status = patiently(lambda: TaskInfo.objects.values_list("status").get(pk=task_id)[0])
        if status in ACTIVE:
            self._after(1, lambda: self._resume_when_ended(task_id))
        elif status != "completed":
            patiently(lambda: Mark.objects.get_or_create(task_id=task_id, name=MENDED))
            self._sampler.expect_resume(task_id)
            self._wanted.resumed.add(task_id)
            patiently(lambda: lifecycle.resume(task_id))

    def _harm(self) -> None:
        """Hit somebody; if there is nobody of that sort right now, somebody else a little later."""
        name, role = plan.draw_harm(self._random)
        cluster = self._random.choice(self._clusters)
        victims = self._victims(cluster, role)
        if not victims:
            self._after(0.1, self._harm)
            return
        takes_all_along = role in ("cluster", "command", "sentinel") and name != "STOP"
        self._remember_what_runs(cluster.family() if takes_all_along else victims, name, role)
        hit(victims, getattr(signal, f"SIG{name}"))
        self.report.kills[name] += 1
        logger.info("harm signal=%s role=%s cluster=%d", name, role, cluster.number)
        if name == "STOP":
            self._wake_later(victims)
        elif (name, role) == _DEPLOY:
            self._replace(cluster)

    def _victims(self, cluster: Cluster, role: str) -> list[psutil.Process]:
        """All of a cluster, or one process. Nobody who is paused: a pause is to last."""
        found = cluster.of_role(role)
        if role in ("cluster", "command") and self._paused & {one.pid for one in cluster.family()}:
            return []
        awake = [one for one in found if one.pid not in self._paused]
        return awake if role == "cluster" or not awake else [self._random.choice(awake)]

    def _remember_what_runs(self, processes: list[psutil.Process], name: str, role: str) -> None:
        """A process that is paused is as dead, from the lease's point of view."""
        now = datetime.now(UTC)
        is_deploy = (name, role) == _DEPLOY
        self._interrupted += [
            Interrupted(task_id, attempt, now, is_deploy, f"{name} of a {role}")
            for task_id, attempt in what_runs(processes)
        ]

    def _wake_later(self, victims: list[psutil.Process]) -> None:
        pids = {victim.pid for victim in victims}
        self._paused |= pids
        pause = LEASE_SECONDS * self._random.uniform(1.3, 2)
        self._after(pause, lambda: self._wake(victims, pids))

    def _wake(self, victims: list[psutil.Process], pids: set[int]) -> None:
        hit(victims, signal.SIGCONT)
        self._paused -= pids

    def _replace(self, cluster: Cluster) -> None:
        """As a deploy does: the new one starts while the old one stops."""
        self.report.deploys += 1
        self._clusters[self._clusters.index(cluster)] = self._new_cluster()
        self._stopping.append((cluster, time.monotonic() + STOP_SECONDS))

    def _crash_postgres(self) -> None:
        seconds = self._postgres.crash_and_restart()
        connection.close()
        self.report.crashes += 1
        logger.info("postgres_crashed back_after=%.1f", seconds)

    # --- Afterwards -----------------------------------------------------------------------

    def _calm_down(self) -> None:
        deadline = time.monotonic() + CALM_SECONDS
        while patiently(TaskInfo.objects.active().exists) and time.monotonic() < deadline:
            self._restart_the_dead()
            time.sleep(0.2)
        self.report.tasks = TaskInfo.objects.count()

    def _check_that_all_clusters_work(self) -> None:
        """A cluster may live and do nothing, which the others would hide."""
        for cluster in self._clusters:
            others = [other for other in self._clusters if other is not cluster]
            for other in others:
                hit(other.family(), signal.SIGSTOP)
            try:
                self._check_that_it_works(cluster)
            finally:
                for other in others:
                    hit(other.family(), signal.SIGCONT)

    def _check_that_it_works(self, cluster: Cluster) -> None:
        first = Effect.objects.order_by("-id").values_list("id", flat=True).first() or 0
        deadline = time.monotonic() + 15
        busy: set[int] = set()
        while len(busy) < WORKERS and time.monotonic() < deadline:
            params = {"number": 0, "steps": 1, "seconds": 0.4, "ends": "completes"}
            probes = [lifecycle.submit(KIND, params, owner=COMMAND_LINE, priority=9) for _ in "12"]
            ids = [probe.pk for probe in probes]
            while TaskInfo.objects.active().filter(pk__in=ids).exists():
                if time.monotonic() > deadline:
                    break
                time.sleep(0.05)
            busy = set(Effect.objects.filter(id__gt=first).values_list("pid", flat=True))
        if len(busy) < WORKERS:
            text = f"cluster {cluster.number}: {len(busy)} of {WORKERS} workers work"
            self.report.other_violations.append(text)

    def _stop_all(self) -> None:
        for cluster in self._clusters:
            cluster.process.send_signal(signal.SIGTERM)
            self._stopping.append((cluster, time.monotonic() + STOP_SECONDS))
        while self._stopping:
            self._watch_the_stopping()
            time.sleep(0.1)
        deadline = time.monotonic() + 5
        while (orphans := left_behind(self._name)) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.report.other_violations += [f"left behind: {orphan}" for orphan in orphans]

    # --- Processes ------------------------------------------------------------------------

    def _new_cluster(self) -> Cluster:
        return Cluster(next(self._numbers), self._name)

    def _restart_the_dead(self) -> None:
        for place, cluster in enumerate(self._clusters):
            if not cluster.is_alive:
                self._clusters[place] = self._new_cluster()
        self._watch_the_stopping()

    def _watch_the_stopping(self) -> None:
        for cluster, deadline in list(self._stopping):
            code = cluster.process.poll()
            if code is None and time.monotonic() < deadline:
                continue
            self._stopping.remove((cluster, deadline))
            if code is None:
                hit(cluster.family(), signal.SIGKILL)
            if code != 0:
                text = f"cluster {cluster.number} was told to stop; exit code {code}"
                self.report.other_violations.append(text)

    # --- The report -----------------------------------------------------------------------

    def _write_report(self) -> None:
        self.report.verdict = judge(self._wanted)
        self.report.other_violations += dict.fromkeys(self._sampler.violations)
        self.report.add_times(self._interrupted)
        self.report.seconds = time.monotonic() - self._began


def patiently(action: Callable[[], Value]) -> Value:
    """What `action` returns; while the database is away, tried again."""
    deadline = time.monotonic() + DATABASE_SECONDS
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(0.1)


def _owner(key: str) -> Owner:
    if key.startswith("user:"):
        return Owner(key, User.objects.get(pk=int(key.removeprefix("user:"))))
    return Owner(key)


def _clean_database() -> None:
    for model in (TaskInfo, OrmQ, Effect, Mark, Transition, Fault, TaskLimit, User):
        model.objects.all().delete()
    for key, limit in OWNERS.items():
        if key.startswith("user:"):
            user = User.objects.create(pk=int(key.removeprefix("user:")), username=key)
            TaskLimit.objects.create(user=user, max_running=limit)
        elif key.startswith("ip:"):
            anonymous = TaskLimit.AppliesTo.ANONYMOUS
            TaskLimit.objects.get_or_create(applies_to=anonymous, max_running=limit)

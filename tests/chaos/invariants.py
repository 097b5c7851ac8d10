"""What has to be true of the database when a storm is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django_q.models import OrmQ

from tasks.models import FINAL, TaskInfo, TaskStatus
from tests.chaos.handlers import FAILURE, value_of
from tests.chaos.models import Effect, Fault, Transition
from tests.chaos.plan import PlannedTask

Row = TypeVar("Row", Effect, Transition)


@dataclass
class Wanted:
    """What was asked for, and answered: each of these is a promise."""

    accepted: dict[UUID, PlannedTask] = field(default_factory=dict)
    canceled: set[UUID] = field(default_factory=set)
    resumed: set[UUID] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """`repeats` counts the steps that were computed again, because an attempt died before."""

    lost: list[str]
    finished_twice: list[str]
    wrong: list[str]
    repeats: int

    @property
    def violations(self) -> list[str]:
        return [*self.lost, *self.finished_twice, *self.wrong]


def judge(wanted: Wanted) -> Verdict:
    """Compare the whole database with what was asked for."""
    effects = _by_task(Effect.objects.order_by("id"))
    transitions = _by_task(Transition.objects.order_by("id"))
    tasks = {task.pk: task for task in TaskInfo.objects.prefetch_related("messages", "steps")}
    twice: list[str] = []
    wrong = [*_faults(), *_queue_is_empty(), *_messages_are_gapless()]
    repeats = 0
    for task in tasks.values():
        twice += _finished_twice(task, transitions[task.pk])
        wrong += _ended_rightly(task, wanted)
        wrong += _effects_are_lawful(task, effects[task.pk])
        repeats += len(effects[task.pk]) - len({one.step for one in effects[task.pk]})
    return Verdict(list(_lost(wanted, tasks)), twice, wrong, repeats)


def _by_task(rows: Iterable[Row]) -> defaultdict[UUID, list[Row]]:
    found: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.task_id].append(row)
    return found


def _faults() -> Iterator[str]:
    for fault in Fault.objects.order_by("id"):
        yield fault.text


def _lost(wanted: Wanted, tasks: dict[UUID, TaskInfo]) -> Iterator[str]:
    for task_id in wanted.accepted.keys() - tasks.keys():
        yield f"task {task_id} was accepted and is not there"
    # Also those whose acceptance the caller never heard of, because PostgreSQL went away.
    for task in tasks.values():
        if task.status not in FINAL:
            yield f"task {task.pk} is {task.status} for ever; attempt {task.attempt}"


def _finished_twice(task: TaskInfo, transitions: list[Transition]) -> Iterator[str]:
    ends = [one for one in transitions if one.after in FINAL]
    resumes = [one for one in transitions if one.before in FINAL]
    if len(ends) > len(resumes) + 1:
        yield f"task {task.pk} ended {len(ends)} times: {[str(one) for one in ends]}"
    said = [line.seq for line in task.messages.all() if line.message == "Task completed"]
    if len(said) > 1:
        yield f"task {task.pk} says {len(said)} times that it is completed"
    if said and (task.status != TaskStatus.COMPLETED or said[-1] != len(task.messages.all())):
        yield f"task {task.pk} said it was completed and went on; it is {task.status}"


def _ended_rightly(task: TaskInfo, wanted: Wanted) -> Iterator[str]:
    allowed = set(_allowed_ends(task, wanted))
    if task.status in FINAL and task.status not in allowed:
        yield f"task {task.pk} is {task.status} ({task.error!r}), not {sorted(allowed)}"
    if task.status == TaskStatus.FAILED and task.error != FAILURE:
        yield f"task {task.pk} failed with {task.error!r}"
    if task.status == TaskStatus.COMPLETED:
        yield from _result_is_right(task)


def _allowed_ends(task: TaskInfo, wanted: Wanted) -> Iterator[str]:
    if task.params["ends"] == "fails" and task.pk not in wanted.resumed:
        yield TaskStatus.FAILED
    else:
        yield TaskStatus.COMPLETED
    if task.pk in wanted.canceled - wanted.resumed:
        yield TaskStatus.CANCELED


def _result_is_right(task: TaskInfo) -> Iterator[str]:
    result: Any = task.result or {}
    values = [step["value"] for step in result.get("steps", [])]
    if values != [value_of(task.params["number"], n) for n in range(task.params["steps"])]:
        yield f"task {task.pk} has a wrong result: {result}"
    if result.get("steps") != [step.value for step in task.steps.order_by("name")]:
        yield f"task {task.pk} has another result than its steps: {result}"
    if task.progress != 100:
        yield f"task {task.pk} is completed at {task.progress} %"
    if not [line for line in task.messages.all() if line.message == "Task completed"]:
        yield f"task {task.pk} does not say that it is completed"


def _effects_are_lawful(task: TaskInfo, effects: list[Effect]) -> Iterator[str]:
    """
    At least once, and no more than that needs: whoever stored a step computed it once, and no
    later attempt did.

    The same attempt may be seen in two workers, if PostgreSQL forgot that the first one had it; but
    then only one of them can have stored anything.
    """
    keepers: dict[int, set[str]] = {}
    for step in task.steps.all():
        attempt, run = step.value["attempt"], step.value["run"]
        keepers.setdefault(attempt, set()).add(run)
        computed = [effect for effect in effects if effect.step == step.name]
        if sum(str(effect.run) == run for effect in computed) != 1:
            yield f"task {task.pk} {step.name} was not computed once by who stored it"
        for effect in computed:
            if effect.attempt > attempt:
                yield f"task {task.pk} {step.name} was stored and ran again: {effect}"
    for attempt, runs in keepers.items():
        if len(runs) > 1:
            yield f"task {task.pk}: {len(runs)} workers stored steps in attempt {attempt}"


def _queue_is_empty() -> Iterator[str]:
    for entry in OrmQ.objects.all():
        yield f"entry {entry.pk} is left in the queue"


def _messages_are_gapless() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_id FROM tasks_taskmessage GROUP BY task_id"
            " HAVING min(seq) <> 1 OR max(seq) <> count(*)"
        )
        for (task_id,) in cursor.fetchall():
            yield f"the messages of task {task_id} have a gap"

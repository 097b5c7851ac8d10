"""The task queues that are compared: how each is set up, started and seen to have finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from bench.processes import program, python

Commands = list[list[str]]


@dataclass(frozen=True)
class Engine:
    name: str
    title: str
    settings: str
    migrate: tuple[str, ...]
    #: What runs this many tasks at once, in a process each.
    workers: Callable[[int], Commands]
    #: SQL: whether there is a task that has not ended.
    is_busy: str
    #: How often a worker with nothing to do looks at the queue, if nothing tells it to.
    poll_seconds: float = 0

    @property
    def database(self) -> str:
        return f"bench_{self.name}"

    def environment(self, url: str) -> dict[str, str]:
        return {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": self.settings}


def _django(*words: str) -> list[str]:
    return python("-m", "django", *words)


def _procrastinate(*words: str) -> list[str]:
    return program("procrastinate", "--app", "bench.procrastinate_app.app", *words)


REUNE = Engine(
    name="reune",
    title="Reune",
    settings="bench.settings",
    migrate=(*_django("migrate", "--verbosity", "0"),),
    workers=lambda count: [_django("worker", "--workers", str(count))],
    is_busy="SELECT EXISTS (SELECT FROM tasks_taskinfo WHERE completed_at IS NULL)",
)
DJANGOQ = Engine(
    name="djangoq",
    title=f"Django-Q2 {version('django-q2')}, ORM broker",
    settings="bench.djangoq_settings",
    migrate=(*_django("migrate", "--verbosity", "0"),),
    # Its command has no option for the number of workers: the settings read WORKERS.
    workers=lambda count: [["env", f"WORKERS={count}", *_django("qcluster")]],
    is_busy="SELECT EXISTS (SELECT FROM django_q_ormq)",
    poll_seconds=0.2,
)
PROCRASTINATE = Engine(
    name="procrastinate",
    title=f"procrastinate {version('procrastinate')}",
    settings="",
    migrate=(*_procrastinate("schema", "--apply"),),
    workers=lambda count: [_procrastinate("worker", "--concurrency", "1")] * count,
    is_busy="SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))",
)
DJANGOTASKS = Engine(
    name="djangotasks",
    title=f"django-tasks-db {version('django-tasks-db')}",
    settings="bench.djangotasks_settings",
    migrate=(*_django("migrate", "--verbosity", "0"),),
    workers=lambda count: [_django("db_worker", "--no-startup-delay")] * count,
    is_busy="SELECT EXISTS (SELECT FROM django_tasks_database_dbtaskresult"
    " WHERE status IN ('READY', 'RUNNING'))",
    poll_seconds=1,
)
ENGINES = (REUNE, DJANGOQ, PROCRASTINATE, DJANGOTASKS)

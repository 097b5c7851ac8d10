"""
Looks for what is wrong with an installation, or soon will be: `manage.py tasks_doctor`.

Each finding is a sentence and what to do about it. All checks only read; they cost a few queries
on active rows and on PostgreSQL's own statistics, whatever the history.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import Error, connection
from django_q.conf import Conf as QConf
from django_q.models import Schedule

from tasks import processes, stats
from tasks.conf import get_conf
from tasks.schema import missing_migrations
from tasks.sql import fetch_one

#: A host whose clock is further off shows wrong times in its logs, and signs with them.
MOST_SKEW = timedelta(seconds=2)
#: Part of max_connections beyond which a deploy, which has old and new for a moment, may fail.
MOST_CONNECTIONS = 0.8
#: A queue's rows are short-lived; dead ones beyond this many and this part slow each claim.
MOST_DEAD_ROWS, MOST_DEAD_PART = 10_000, 0.5
#: An active task of which nothing was heard for so long is not being worked on.
STUCK = timedelta(hours=1)
CLEANUP = "tasks.maintenance.cleanup"
#: What the admin cannot do: there, queue entries are not shown and schedules are not made.
SCHEDULE_CLEANUP = (
    "from django_q.tasks import schedule;"
    f" schedule('{CLEANUP}', name='reune: daily cleanup', schedule_type='D')"
)
DELETE_ORPHANS = (
    "DELETE FROM django_q_ormq AS entry WHERE lock < now() - interval '1 hour'"
    " AND NOT EXISTS (SELECT FROM tasks_taskinfo WHERE entry_id = entry.id)"
)
TABLES = ("tasks_taskinfo", "tasks_taskmessage", "tasks_taskstep", "django_q_ormq", "tasks_process")


class Level(StrEnum):
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """`code` is stable, `fix` is what to do."""

    level: Level
    code: str
    text: str
    fix: str


Check = Callable[[], Iterator[Finding]]


def examine() -> list[Finding]:
    """
    Everything that was found, in the order of the checks.

    Without a database, or with one of another age, that alone is found.
    """
    found = list(_configuration())
    try:
        missing = list(_migrations())
        if missing:
            return found + missing
        return found + [finding for check in CHECKS for finding in check()]
    except Error as error:
        text = f"The database does not answer: {str(error).strip().splitlines()[0]}"
        fix = "Start PostgreSQL, or set DATABASE_URL to where it is."
        return [*found, Finding(Level.ERROR, "database", text, fix)]


def _configuration() -> Iterator[Finding]:
    """What `manage.py check` says of this app, and with DEBUG off `check --deploy` too."""
    for message in checks.run_checks(include_deployment_checks=not settings.DEBUG):
        if message.is_silenced():
            continue
        level = Level.ERROR if message.level >= checks.ERROR else Level.WARNING
        yield Finding(level, f"check.{message.id}", str(message.msg), str(message.hint or ""))


def _migrations() -> Iterator[Finding]:
    if missing := missing_migrations():
        text = f"The database lacks {len(missing)} migrations: {', '.join(missing[:5])}."
        yield Finding(Level.ERROR, "migrations", text, "Run `manage.py migrate`.")


def _clock() -> Iterator[Finding]:
    before = time.time()
    (there,) = _row("SELECT extract(epoch FROM clock_timestamp())::float")
    # The database looked at its clock somewhere between these two.
    skew = there - (before + time.time()) / 2
    if abs(skew) > MOST_SKEW.total_seconds():
        text = f"This host's clock is {abs(skew):.1f} s {'behind' if skew > 0 else 'ahead of'}"
        text += " that of the database. Tasks go by the database's; logs and tokens do not."
        yield Finding(Level.WARNING, "clock", text, "Keep both in time with NTP.")


def _connections() -> Iterator[Finding]:
    used, most = _row(
        "SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),"
        " current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
    )
    if used > MOST_CONNECTIONS * most:
        text = f"{used} of {most} database connections are taken."
        fix = "Lower DATABASE_POOL_SIZE or the number of processes, or raise max_connections."
        yield Finding(Level.WARNING, "connections", text, fix)


def _pooler() -> Iterator[Finding]:
    """PgBouncer and its like give a session a number of their own."""
    (session,) = _row("SELECT pg_backend_pid()")
    if get_conf().listen and session != connection.connection.info.backend_pid:
        text = "The database is behind a pooler. In transaction mode, LISTEN hears nothing there."
        fix = "Set DATABASE_LISTEN=false, or connect to PostgreSQL itself."
        yield Finding(Level.WARNING, "pooler", text, fix)


def _workers() -> Iterator[Finding]:
    if not processes.alive().filter(role="worker").exists():
        text = f"No worker was heard of in the last {get_conf().lease.total_seconds():.0f} s."
        yield Finding(Level.ERROR, "no_worker", text, "Start `manage.py worker`.")


def _releases() -> Iterator[Finding]:
    pairs = processes.alive().values_list("release", "role").distinct()
    by_release = sorted({f"{role} {release or '(none)'}" for release, role in pairs})
    if len({release for release, _ in pairs}) > 1:
        text = f"Processes of different releases run: {', '.join(by_release)}."
        fix = "In a deploy this passes by itself; else restart the old ones."
        yield Finding(Level.WARNING, "releases", text, fix)


def _leases() -> Iterator[Finding]:
    if abandoned := stats.active().abandoned:
        text = f"The workers of {abandoned} running tasks are dead, and nobody has taken them yet."
        fix = "A free worker does so by itself. If the number stays, start more workers."
        yield Finding(Level.WARNING, "stale_leases", text, fix)


def _stuck() -> Iterator[Finding]:
    """Alive by their lease, but silent; or in line while workers are idle."""
    (silent,) = _row(
        "SELECT count(*) FROM tasks_taskinfo WHERE completed_at IS NULL AND status = 'running'"
        " AND updated_at < now() - %s",
        STUCK,
    )
    if silent:
        text = f"{silent} tasks run and have said nothing for {STUCK.total_seconds() / 3600:.0f} h."
        fix = "Look at their messages in the admin; `manage.py tasks_cancel ID` stops one."
        yield Finding(Level.WARNING, "silent_tasks", text, fix)
    (waiting,) = _row(
        "SELECT count(*) FROM tasks_taskinfo AS task"
        " JOIN django_q_ormq AS entry ON entry.id = task.entry_id"
        " WHERE task.completed_at IS NULL AND task.status = 'pending' AND entry.lock <= now()"
        " AND GREATEST(task.updated_at, task.queued_at, task.retry_at) < now() - %s",
        STUCK,
    )
    if waiting:
        text = f"{waiting} tasks have waited for a worker for more than an hour."
        fix = "Start more workers; `manage.py tasks_stats` shows what they are busy with."
        yield Finding(Level.WARNING, "waiting_tasks", text, fix)


def _queue() -> Iterator[Finding]:
    """heal() mends both within ten seconds, so what is older than a minute, nobody mends."""
    (without_entry,) = _row(
        "SELECT count(*) FROM tasks_taskinfo WHERE completed_at IS NULL AND status = 'running'"
        " AND entry_id IS NULL AND updated_at < now() - interval '1 minute'"
    )
    if without_entry:
        text = f"{without_entry} running tasks have no entry in the queue: nobody could go on."
        fix = "A worker mends that within ten seconds: start one."
        yield Finding(Level.ERROR, "tasks_without_entry", text, fix)
    foreign, orphans = _row(
        "SELECT count(*) FILTER (WHERE key <> %s), count(*) FILTER (WHERE key = %s"
        " AND lock < now() - interval '1 hour')"
        " FROM django_q_ormq AS entry"
        " WHERE NOT EXISTS (SELECT FROM tasks_taskinfo WHERE entry_id = entry.id)",
        QConf.CLUSTER_NAME,
        QConf.CLUSTER_NAME,
    )
    if orphans:
        text = f"{orphans} entries of the queue belong to no task and were due an hour ago."
        fix = f"If they are no calls of schedules, delete them in SQL: {DELETE_ORPHANS}"
        yield Finding(Level.WARNING, "entries_without_task", text, fix)
    if foreign:
        text = f"{foreign} entries are for clusters of another name, which no worker of ours takes."
        fix = f"Run the same Q_CLUSTER name ({QConf.CLUSTER_NAME}) everywhere, or delete them."
        yield Finding(Level.WARNING, "foreign_entries", text, fix)


def _dead_rows() -> Iterator[Finding]:
    (autovacuum,) = _row("SELECT current_setting('autovacuum')::bool")
    if not autovacuum:
        text = "autovacuum is off: tables grow, and each claim reads more dead rows."
        fix = "Set autovacuum = on in PostgreSQL."
        yield Finding(Level.ERROR, "autovacuum", text, fix)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables"
            " WHERE relname = ANY(%s) AND n_dead_tup > %s"
            " AND n_dead_tup > %s * (n_live_tup + n_dead_tup)",
            [list(TABLES), MOST_DEAD_ROWS, MOST_DEAD_PART],
        )
        rows = cursor.fetchall()
    for table, dead, living in rows:
        text = f"{table} has {dead:,} dead rows beside {living:,} living ones."
        fix = f"Run VACUUM {table}; look for transactions that stay open (pg_stat_activity)."
        yield Finding(Level.WARNING, "dead_rows", text, fix)


def _cleanup() -> Iterator[Finding]:
    schedules = Schedule.objects.filter(func=CLEANUP)
    if not schedules.exists():
        text = "No schedule runs the cleanup: ended tasks stay for ever."
        fix = f'Make it again: manage.py shell -c "{SCHEDULE_CLEANUP}"'
        yield Finding(Level.WARNING, "no_cleanup", text, fix)
        return
    (overdue,) = _row(
        "SELECT bool_and(next_run < now() - interval '1 day') FROM django_q_schedule"
        " WHERE func = %s",
        CLEANUP,
    )
    if overdue:
        text = "The cleanup is more than a day late."
        fix = "Start a worker, which runs it; or run `manage.py tasks_cleanup`."
        yield Finding(Level.WARNING, "cleanup_late", text, fix)


CHECKS: tuple[Check, ...] = (
    _clock,
    _connections,
    _pooler,
    _workers,
    _releases,
    _leases,
    _stuck,
    _queue,
    _dead_rows,
    _cleanup,
)


def _row(sql: str, *terms: Any) -> tuple[Any, ...]:
    row = fetch_one(sql, terms)
    assert row is not None
    return row

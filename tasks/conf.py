"""This app's settings: the dict REUNE_TASKS, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Conf:
    #: How long a queue entry stays taken without a heartbeat; then its worker counts as dead.
    lease: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=10)
    #: How long a task may take to react to an interruption before its process is killed.
    grace: timedelta = timedelta(seconds=10)
    #: How long a stopping `manage.py worker` waits for its processes before it kills them.
    stop_within: timedelta = timedelta(seconds=25)
    #: Whether the database connection can LISTEN; not behind PgBouncer in transaction mode.
    listen: bool = True
    #: How often the queue is looked at without a notification.
    poll: timedelta = timedelta(seconds=1)
    #: What a handler reports is in the database after this long, together with what came meanwhile.
    report_interval: timedelta = timedelta(seconds=0.3)
    #: How many requests of a web process may wait for a task at once: long-polls and streams. Each
    #: holds a thread, so it is half of them.
    max_waiting: int = 32
    #: How often the queue and the tasks are compared and mended.
    heal_interval: timedelta = timedelta(seconds=10)
    #: A step of priority goes this much before.
    priority_head_start: timedelta = timedelta(minutes=10)
    #: Which code runs: processes of different ones are told apart.
    release: str = ""
    #: How long a finished task is kept, with its messages and its result.
    keep_completed: timedelta = timedelta(days=30)
    keep_failed: timedelta = timedelta(days=30)
    keep_canceled: timedelta = timedelta(days=7)


def get_conf() -> Conf:
    """Read when used, so that tests can override. Unknown keys raise ImproperlyConfigured."""
    given = getattr(settings, "REUNE_TASKS", {})
    if unknown := given.keys() - {field.name for field in fields(Conf)}:
        raise ImproperlyConfigured(f"REUNE_TASKS: unknown keys {sorted(unknown)}")
    return Conf(**given)

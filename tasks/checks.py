"""Configurations that would break a promise are refused before anything runs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from tasks.conf import get_conf

BROKER = "tasks.broker.PostgresBroker"
#: Tag of what has to be right before a worker runs; every app may have some.
WORKER = "worker"


@register(WORKER)
def check_queue(**options: Any) -> list[CheckMessage]:
    cluster = getattr(settings, "Q_CLUSTER", {})
    found: list[CheckMessage] = []
    if cluster.get("broker_class") != BROKER:
        found.append(
            Error(
                f"Q_CLUSTER['broker_class'] is {cluster.get('broker_class')!r}.",
                hint=f"Set it to {BROKER!r}: without it a late delivery could take a live task.",
                id="tasks.E001",
            )
        )
    if cluster.get("orm") != "default":
        found.append(
            Error(
                f"Q_CLUSTER['orm'] is {cluster.get('orm')!r}.",
                hint="Set it to 'default': a task and its queue entry are one commit.",
                id="tasks.E002",
            )
        )
    return found


@register(WORKER)
def check_lease(**options: Any) -> list[CheckMessage]:
    conf = get_conf()
    if conf.lease < 3 * conf.heartbeat:
        return [
            Error(
                f"REUNE_TASKS: the lease ({conf.lease}) is shorter than three heartbeats"
                f" ({conf.heartbeat}).",
                hint="Set TASK_LEASE_SECONDS to three times TASK_HEARTBEAT_SECONDS or more.",
                id="tasks.E003",
            )
        ]
    return []


@register(WORKER)
def check_listen(**options: Any) -> list[CheckMessage]:
    """PgBouncer listens on 6432 unless told otherwise."""
    database = settings.DATABASES["default"]
    is_pooled = str(database.get("PORT")) == "6432" or "pooler" in str(database.get("HOST"))
    if is_pooled and get_conf().listen:
        return [
            Warning(
                "The database looks like PgBouncer, which cannot LISTEN in transaction mode.",
                hint="Set DATABASE_LISTEN=false, or connect to PostgreSQL itself.",
                id="tasks.W001",
            )
        ]
    return []

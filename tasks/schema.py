"""Whether the database is of the same age as the code."""

from __future__ import annotations

import pkgutil
from functools import cache
from pathlib import Path

from django.apps import apps
from django.db import connection


def missing_migrations() -> list[str]:
    """The migrations of this code that the database has not had, as app.name, in order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        (is_there,) = cursor.fetchone()
        applied: set[tuple[str, str]] = set()
        if is_there:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    return sorted(f"{app}.{name}" for app, name in _ours() - applied)


@cache
def _ours() -> frozenset[tuple[str, str]]:
    """App and name, by the files: to import them all would cost a web process megabytes."""
    return frozenset(
        (app.label, module.name)
        for app in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(app.path, "migrations"))])
        if module.name[0] not in "_~"
    )

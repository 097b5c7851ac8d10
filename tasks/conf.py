"""This app's settings: the dict REUNE_TASKS, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Conf:
    #: A running task whose attempt began longer ago has lost its worker and may be claimed again.
    lease: timedelta = timedelta(seconds=610)
    #: Reports beyond this many at once reach the database at `report_interval` each.
    report_burst: int = 20
    report_interval: timedelta = timedelta(seconds=0.5)


def get_conf() -> Conf:
    """Read when used, so that tests can override. Unknown keys raise ImproperlyConfigured."""
    given = getattr(settings, "REUNE_TASKS", {})
    if unknown := given.keys() - {field.name for field in fields(Conf)}:
        raise ImproperlyConfigured(f"REUNE_TASKS: unknown keys {sorted(unknown)}")
    return Conf(**given)

"""This app's settings: the dict REUNE_LEARNING_PATHS, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Conf:
    #: How long a finished path is given to whoever asks for the same.
    reuse_for: timedelta = timedelta(days=30)


def get_conf() -> Conf:
    """Read when used, so that tests can override. Unknown keys raise ImproperlyConfigured."""
    given = getattr(settings, "REUNE_LEARNING_PATHS", {})
    if unknown := given.keys() - {field.name for field in fields(Conf)}:
        raise ImproperlyConfigured(f"REUNE_LEARNING_PATHS: unknown keys {sorted(unknown)}")
    return Conf(**given)

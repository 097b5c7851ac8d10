"""Reune's settings, and the tasks of bench/handlers.py."""

from reune.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]  # noqa: F405

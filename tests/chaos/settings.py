"""Reune as a chaos run has it: with an app whose tasks leave traces of all they do."""

from reune.settings import *  # noqa: F403  # all of them, whatever there will be
from reune.settings import DATA_DIR, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]

#: Each process of a cluster leaves a file here, named by its pid, that says what it is.
ROLES = DATA_DIR / "roles"
#: And one here while it runs a task: the task's id and the attempt.
RUNNING = DATA_DIR / "running"

from __future__ import annotations

import logging
from argparse import ArgumentParser
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django_q.conf import Conf as QConf

from tasks.checks import WORKER
from tasks.cluster import TaskCluster


class Command(BaseCommand):
    help = (
        "Run tasks until SIGTERM or Ctrl-C. What runs then is handed back at once, and goes on from"
        " its last finished step elsewhere or after the restart."
    )

    # Not those of the URLs: they load all that answers requests, which no worker does.
    requires_system_checks = (Tags.models, Tags.translation, WORKER)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers", type=int, default=QConf.WORKERS, help="how many tasks run at once"
        )

    def handle(self, *, workers: int, verbosity: int, **options: Any) -> None:
        if workers < 1:
            raise CommandError("--workers must be at least 1", returncode=2)
        if verbosity == 0:
            logging.getLogger().setLevel(logging.WARNING)
        QConf.WORKERS = workers
        TaskCluster().run()

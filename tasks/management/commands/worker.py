from __future__ import annotations

import logging
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django_q.cluster import Cluster
from django_q.conf import Conf as QConf


class Command(BaseCommand):
    help = "Run tasks until SIGTERM or Ctrl-C; the tasks that run then are finished first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers", type=int, default=QConf.WORKERS, help="how many tasks run at once"
        )

    def handle(self, *, workers: int, verbosity: int, **options: Any) -> None:
        if verbosity == 0:
            logging.getLogger().setLevel(logging.WARNING)
        if workers < 1:
            raise CommandError("--workers must be at least 1")
        QConf.WORKERS = workers
        connections.close_all()  # the children must not inherit one
        # Supervisors and terminals signal the whole process group. Only this process is to hear
        # it, and stops the others in order; so they leave the group.
        os.register_at_fork(after_in_child=os.setpgrp)
        cluster = Cluster()
        cluster.start()
        cluster.sentinel.join()
        if not cluster.has_stopped:
            raise CommandError("the cluster ended by itself; its log says why")

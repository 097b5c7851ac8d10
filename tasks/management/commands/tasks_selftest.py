from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from tasks import measure
from tasks.exceptions import NoWorkerFree
from tasks.measure import Report, Spread

MOST_TASKS = 10_000


class Command(BaseCommand):
    help = "Measure how fast the running workers take, cancel and finish tasks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--tasks", type=int, default=200, metavar="N", help="how many go through at once"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *, tasks: int, **options: Any) -> None:
        if not 1 <= tasks <= MOST_TASKS:
            raise CommandError(f"--tasks must be 1 to {MOST_TASKS}", returncode=2)
        is_shown = self.stdout.isatty() and not options["json"]
        total = measure.steps_of(tasks)
        try:
            with tqdm(total=total, unit="task", leave=False, disable=not is_shown) as bar:
                report = measure.measure(tasks, on_done=bar.update)
        except NoWorkerFree as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(asdict(report)) if options["json"] else _as_text(report))


def _as_text(report: Report) -> str:
    return "\n".join(
        [
            f"pick-up     {_spread(report.pick_up)}",
            f"cancel      {_spread(report.cancel)}",
            f"throughput  {report.tasks_per_second:.0f} tasks/s",
        ]
    )


def _spread(spread: Spread) -> str:
    return (
        f"p50 {spread.p50_ms:.1f} ms, p99 {spread.p99_ms:.1f} ms,"
        f" worst {spread.worst_ms:.1f} ms ({spread.count} tasks)"
    )

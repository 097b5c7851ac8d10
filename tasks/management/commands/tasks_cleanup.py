from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from tasks import maintenance
from tasks.models import FINAL, TaskStatus

MOST_DAYS = 36_500


class Command(BaseCommand):
    help = "Delete tasks that ended long ago, with their messages, steps and results."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=int, metavar="DAYS", help="how long ago; else as configured"
        )
        parser.add_argument(
            "--status", nargs="+", choices=FINAL, default=FINAL, help="how they ended; else anyhow"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many")
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(
        self, *, older_than: int | None, status: list[str], dry_run: bool, **options: Any
    ) -> None:
        ages = _ages(older_than, status)
        with self._bar(ages, is_wanted=not dry_run and not options["json"]) as bar:
            counts = maintenance.cleanup(ages=ages, dry_run=dry_run, on_batch=bar.update)
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": dry_run, "deleted": counts}))
            return
        verb = "would delete" if dry_run else "deleted"
        named = ", ".join(f"{count} {name}" for name, count in counts.items())
        self.stdout.write(f"{verb}: {named}")

    def _bar(self, ages: dict[TaskStatus, timedelta], *, is_wanted: bool) -> Any:
        """A progress bar on a terminal, which needs to know how many there are."""
        is_shown = is_wanted and self.stdout.isatty()
        total = sum(maintenance.cleanup(ages=ages, dry_run=True).values()) if is_shown else None
        return tqdm(total=total, unit="task", leave=False, disable=not is_shown)


def _ages(older_than: int | None, statuses: list[str]) -> dict[TaskStatus, timedelta]:
    if older_than is not None and not 0 <= older_than <= MOST_DAYS:
        raise CommandError(f"--older-than must be 0 to {MOST_DAYS} days", returncode=2)
    ages = maintenance.configured_ages()
    return {
        TaskStatus(status): ages[TaskStatus(status)]
        if older_than is None
        else timedelta(days=older_than)
        for status in statuses
    }

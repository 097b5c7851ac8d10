from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from tqdm import tqdm

from tasks import lifecycle
from tasks.exceptions import TransitionRefused
from tasks.models import TaskInfo


class Command(BaseCommand):
    help = "Cancel tasks: those that wait end at once, those that run are stopped by their worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=UUID, metavar="ID")
        parser.add_argument("--owner", metavar="KEY", help="all of this owner: user:7, ip:…")
        parser.add_argument("--kind", help="all of this kind")
        parser.add_argument("--all", action="store_true", help="all that wait or run")
        parser.add_argument("--reason", default="", help="kept with each task, for its owner")
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, ids: list[UUID], reason: str, yes: bool, **options: Any) -> None:
        chosen = _choose(ids, **{name: options[name] for name in ("owner", "kind", "all")})
        if chosen and not ids and not yes:
            _ask(len(chosen))
        refused = self._cancel(chosen, f"operator: {reason}" if reason else "operator")
        done = len(chosen) - refused
        self.stdout.write(
            json.dumps({"canceled": done, "refused": refused})
            if options["json"]
            else f"canceled or stopping: {done}, refused: {refused}"
        )
        if ids and refused:
            raise CommandError("not every task that was named could be canceled")

    def _cancel(self, chosen: list[UUID], reason: str) -> int:
        """Cancel one by one; say which were refused and return how many."""
        refused = 0
        for task_id in tqdm(chosen, unit="task", leave=False, disable=not self.stdout.isatty()):
            try:
                lifecycle.cancel(task_id, reason=reason)
            except TransitionRefused as refusal:
                self.stderr.write(str(refusal))
                refused += 1
        return refused


def _choose(ids: list[UUID], *, owner: str | None, kind: str | None, all: bool) -> list[UUID]:
    if sum([bool(ids), bool(owner or kind), all]) != 1:
        text = "name tasks by their ids, or by --owner and --kind, or say --all"
        raise CommandError(text, returncode=2)
    if ids:
        return list(dict.fromkeys(ids))
    tasks = TaskInfo.objects.active()
    if owner:
        tasks = tasks.of_owner(owner)
    if kind:
        tasks = tasks.filter(kind=kind)
    # From the end of the line, the running ones last: nothing is to start in place of another.
    from_the_end = tasks.order_by("status", F("entry__lock").desc(nulls_first=True))
    return list(from_the_end.values_list("pk", flat=True))


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise CommandError(f"tasks this would cancel: {count}. Say --yes to do so", returncode=2)
    if input(f"Tasks to cancel: {count}. Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        raise CommandError("nothing is canceled")

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from tasks import stats
from tasks.stats import Active, Ended

SPANS = {"hour": stats.HOUR, "day": stats.DAY}


class Command(BaseCommand):
    help = "Say what waits and runs now, and what ended in the last hour and day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, **options: Any) -> None:
        active = stats.active()
        ended = {name: stats.ended_within(span) for name, span in SPANS.items()}
        self.stdout.write(_as_json(active, ended) if options["json"] else _as_text(active, ended))


def _as_json(active: Active, ended: dict[str, list[Ended]]) -> str:
    document = asdict(active)
    document["oldest_wait_seconds"] = round(document.pop("oldest_wait").total_seconds(), 1)
    for name, kinds in ended.items():
        document[f"ended_last_{name}"] = {
            counts.pop("kind"): counts for counts in map(asdict, kinds)
        }
    return json.dumps(document)


def _as_text(active: Active, ended: dict[str, list[Ended]]) -> str:
    oldest = active.oldest_wait.total_seconds()
    lines = [
        f"waiting for a worker     {active.in_line:8}   the oldest for {oldest:.1f} s",
        f"waiting for a free slot  {active.without_slot:8}",
        f"waiting to be retried    {active.to_be_retried:8}",
        f"running                  {active.running:8}   {active.abandoned} without a living worker",
    ]
    for name, kinds in ended.items():
        lines += ["", f"{f'ended in the last {name}':24} completed   failed canceled"]
        lines += [
            f"  {one.kind:22} {one.completed:9} {one.failed:8} {one.canceled:8}" for one in kinds
        ]
    return "\n".join(lines)

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from learning_paths.budget import Budget
from learning_paths.catalogue.loader import read_topic, topic_ids
from learning_paths.conf import get_conf
from learning_paths.exceptions import CatalogueError
from learning_paths.http import HttpClient
from learning_paths.review.checked_days import write_checked
from learning_paths.review.findings import file_of
from learning_paths.review.links import (
    BROKEN,
    SEEN,
    Checked,
    Link,
    LinkChecker,
    NoNetwork,
    links_of,
)


class Command(BaseCommand):
    help = "Look whether the pages of the catalogue are there. Ends with 1 if one is not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "topics", nargs="*", metavar="TOPIC|FILE", help="every topic unless given"
        )
        parser.add_argument(
            "--pause", type=float, default=1.0, metavar="SECONDS", help="between two at a host"
        )
        parser.add_argument(
            "--write", action="store_true", help="write `checked` for the pages that are there"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *, topics: Sequence[str], pause: float, write: bool, **options: Any) -> None:
        try:
            files = [file_of(name) for name in topics or topic_ids()]
            links = {file: links_of(read_topic(file)) for file in files}
        except CatalogueError as error:
            raise CommandError(str(error)) from error
        found = self._check(
            [one for some in links.values() for one in some], pause, is_quiet=options["json"]
        )
        if write:
            _write(links, found)
        self.stdout.write(
            json.dumps([asdict(one) for one in found]) if options["json"] else _as_text(found)
        )
        if broken := [one for one in found if one.state in BROKEN]:
            raise CommandError(f"{len(broken)} of {len(found)} pages are not there")

    def _check(self, links: Sequence[Link], pause: float, *, is_quiet: bool) -> list[Checked]:
        is_shown = self.stdout.isatty() and not is_quiet
        with (
            HttpClient(get_conf(), Budget(seconds=86_400, calls=100_000)) as client,
            tqdm(
                total=len(links), unit="page", leave=False, file=sys.stdout, disable=not is_shown
            ) as bar,
        ):
            found: list[Checked] = []
            try:
                for checked in LinkChecker(client, pause=pause).check(links):
                    found.append(checked)
                    bar.update()
            except NoNetwork as error:
                raise CommandError(f"{error}. Is there a network? Nothing was written.") from error
            return found


def _write(links: dict[Path, list[Link]], found: Sequence[Checked]) -> None:
    seen = {one.link for one in found if one.state in SEEN}
    today = datetime.now(UTC).date()
    for file, some in links.items():
        if urls := {link.url for link in some if link in seen}:
            write_checked(file, urls, today)


def _as_text(found: Sequence[Checked]) -> str:
    """Return a line for each page somebody has to look at, then how many there are of each sort."""
    counts = Counter(one.state for one in found)
    lines = [_line(one) for one in found if one.state not in ("fine", "redirected")]
    return "\n".join([*lines, ", ".join(f"{state} {count}" for state, count in counts.items())])


def _line(one: Checked) -> str:
    place = f"{one.link.topic}: {one.link.concept or 'topic'}"
    why = " ".join(str(part) for part in (one.status, one.detail) if part)
    to = f" → {one.target}" if one.target else ""
    return f"{one.state}  {place}: {one.link.url}{to}  {why}"

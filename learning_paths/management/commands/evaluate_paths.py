from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import product
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from learning_paths.catalogue.loader import topic_ids
from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.evaluation.run import Evaluation, evaluate
from learning_paths.evaluation.summary import kinds, rejections
from learning_paths.evaluation.tables import count_line, summary_table, topic_table
from learning_paths.exceptions import InvalidRequest
from learning_paths.request import PathRequest


class Command(BaseCommand):
    help = (
        "Make paths of many topics and count how good they are. Ends with 1 if a bound is broken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("topics", nargs="*", help="every topic of the catalogue unless given")
        parser.add_argument(
            "--language", nargs="+", default=LANGUAGES, choices=LANGUAGES, help="all unless given"
        )
        parser.add_argument(
            "--nodes", nargs="+", default=["15"], metavar="N", help="sizes of the paths"
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON, with every path")

    def handle(self, *, topics: Sequence[str], **options: Any) -> None:
        requests = _requests(topics or topic_ids(), options["language"], options["nodes"])
        is_shown = self.stdout.isatty() and not options["json"]
        with tqdm(
            total=len(requests), unit="path", leave=False, file=sys.stdout, disable=not is_shown
        ) as bar:
            result = evaluate(requests, on_done=lambda request: bar.update())
        if options["json"]:
            self.stdout.write(json.dumps(result.to_json(), ensure_ascii=False))
        else:
            self.stdout.write(_as_text(result))
        if result.broken:
            raise CommandError(f"out of bounds: {', '.join(result.broken)}")


def _requests(
    topics: Sequence[str], languages: Sequence[str], sizes: Sequence[str]
) -> list[PathRequest]:
    try:
        return [
            PathRequest.from_params({"topic": topic, "language": language, "num_nodes": size})
            for size, topic, language in product(sizes, topics, languages)
        ]
    except InvalidRequest as error:
        raise CommandError(str(error)) from error


def _as_text(result: Evaluation) -> str:
    failures = [
        f"{one.topic} ({one.language}, {one.num_nodes} nodes): {one.message}"
        for one in result.failures
    ]
    if not result.paths:
        return "\n".join(failures)
    return "\n\n".join(
        [
            topic_table(result.paths),
            summary_table(result.figures, result.figures_by_language()),
            count_line("questions", kinds(result.paths)),
            count_line("dropped before", rejections(result.paths)),
            *failures,
        ]
    )

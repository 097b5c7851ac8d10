from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from learning_paths.catalogue.loader import topic_ids
from learning_paths.exceptions import CatalogueError
from learning_paths.review.findings import Finding, Review, file_of, review


class Command(BaseCommand):
    help = "Say what is wrong in catalogue files and what could be better. Ends with 1 on errors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "topics", nargs="*", metavar="TOPIC|FILE", help="every topic unless given"
        )
        parser.add_argument("--errors", action="store_true", help="leave out the advice")
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, *, topics: Sequence[str], errors: bool, **options: Any) -> None:
        try:
            files = [file_of(name) for name in topics or topic_ids()]
        except CatalogueError as error:
            raise CommandError(str(error)) from error
        reviews = [review(file, with_advice=not errors) for file in files]
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(one) for one in reviews], ensure_ascii=False))
        else:
            self.stdout.write("\n".join(line for one in reviews for line in _lines(one)))
        if wrong := [one.topic for one in reviews if one.errors]:
            raise CommandError(f"to be mended: {', '.join(wrong)}")


def _lines(review: Review) -> Iterator[str]:
    """Yield the findings, those of a rule under what to do about them, then the score."""
    for rule, count in Counter(finding.rule for finding in review.findings).items():
        some = [finding for finding in review.findings if finding.rule == rule]
        yield f"\n{review.topic}: {some[0].level} ×{count}. {some[0].remedy}"
        yield from (f"  {finding.message}" for finding in some)
    yield (
        f"{review.topic}: {len(review.errors)} errors, {len(review.advice)} pieces of advice, "
        f"{review.concepts} concepts, score {review.score} of 100  ({review.file.name})"
    )


def _as_json(review: Review) -> dict[str, Any]:
    return {
        "topic": review.topic,
        "file": str(review.file),
        "concepts": review.concepts,
        "score": review.score,
        "errors": [_finding(finding) for finding in review.errors],
        "advice": [_finding(finding) for finding in review.advice],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "concept": finding.concept,
        "field": finding.field,
        "language": finding.language,
        "message": finding.message,
        "remedy": finding.remedy,
    }
